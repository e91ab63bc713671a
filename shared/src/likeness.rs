//! How likely it is that two records are about the same person.

/// The number of last digits by which phone numbers are compared: without the codes of country and area, which
/// are written in many ways.
pub const PHONE_DIGITS: usize = 7;
/// By how many years an estimated date of birth may be wrong.
pub const ESTIMATE_YEARS: u32 = 1;

choice! {
    /// How likely it is that two records are about the same person.
    Grade {
        /// Nearly always the same person: the name, the date of birth and something else agree.
        Certain = "certain",
        /// Most often the same person.
        Probable = "probable",
        /// Worth a look. Twins, and fathers and sons of one name, are at most this.
        Possible = "possible",
    }
}

choice! {
    /// What agrees in two records.
    Likeness {
        /// The names are the same, apart from case, accents, punctuation and order.
        SameName = "same_name",
        /// The names differ by one typing error in a long word, or one lacks some of the words.
        SimilarName = "similar_name",
        /// The name of one is a former name of the other one.
        FormerName = "former_name",
        /// The first names are the same, and the last names are not.
        SameFirstName = "same_first_name",
        /// The last names are the same, and the first names are not.
        SameLastName = "same_last_name",
        /// The dates of birth are the same day.
        SameDateOfBirth = "same_date_of_birth",
        /// One of the dates of birth is known in part or estimated, and the other one fits it.
        FittingDateOfBirth = "fitting_date_of_birth",
        /// The dates of birth are the same with day and month swapped.
        SwappedDayAndMonth = "swapped_day_and_month",
        /// The dates of birth differ in one digit.
        SimilarDateOfBirth = "similar_date_of_birth",
        /// The last digits of the phone numbers are the same.
        SamePhone = "same_phone",
        /// The e-mail addresses are the same.
        SameEmail = "same_email",
        /// An identifier is the same.
        SameIdentifier = "same_identifier",
    }
}
