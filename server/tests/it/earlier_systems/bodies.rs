//! The bodies as the five documents print them, without the comments inside them, which JSON does
//! not have.

/// The fullstack application with Bootstrap pages.
pub(super) mod fullstack {
    pub(crate) const REGISTER: &str = r#"{
    "username": "johndoe",
    "email": "john@example.com",
    "password": "securepassword123",
    "password_confirm": "securepassword123",
    "first_name": "John",
    "last_name": "Doe"
}"#;

    pub(crate) const LOGIN: &str = r#"{
    "username": "johndoe",
    "password": "securepassword123"
}"#;

    pub(crate) const PATIENT: &str = r#"{
    "first_name": "Jane",
    "last_name": "Smith",
    "email": "jane@example.com",
    "phone_number": "+1234567890",
    "date_of_birth": "1990-01-15",
    "gender": "F",
    "address": "123 Main St",
    "city": "New York",
    "state": "NY",
    "zip_code": "10001",
    "blood_type": "O+",
    "allergies": "None",
    "medical_history": "No significant medical history"
}"#;

    pub(crate) const DOCTOR: &str = r#"{
    "first_name": "Dr. Sarah",
    "last_name": "Johnson",
    "email": "sarah.johnson@hospital.com",
    "phone_number": "+1987654321",
    "specialization": "CARDIOLOGY",
    "license_number": "MD123456",
    "years_of_experience": 10,
    "qualification": "MD, FACC",
    "clinic_name": "Heart Care Clinic",
    "clinic_address": "456 Medical Center Dr",
    "city": "Boston",
    "state": "MA",
    "zip_code": "02101",
    "consultation_fee": 200.00,
    "is_available": true
}"#;

    pub(crate) const MAPPING: &str = r#"{
    "patient": 1,
    "doctor": 1,
    "status": "ACTIVE",
    "notes": "Regular checkup scheduled"
}"#;

    /// The members of each row in a list of patients.
    pub(crate) const PATIENT_MEMBERS: &[&str] = &[
        "id",
        "first_name",
        "last_name",
        "full_name",
        "email",
        "phone_number",
        "date_of_birth",
        "gender",
        "address",
        "city",
        "state",
        "zip_code",
        "blood_type",
        "allergies",
        "medical_history",
        "created_by_username",
        "created_at",
        "updated_at",
    ];
}

/// The backend with mappings under patients.
pub(super) mod nested {
    pub(crate) const REGISTER: &str = r#"{
    "name": "John Doe",
    "email": "john@example.com",
    "password": "securepassword123"
}"#;

    pub(crate) const LOGIN: &str = r#"{
    "username": "john@example.com",
    "password": "securepassword123"
}"#;

    pub(crate) const PATIENT: &str = r#"{
    "first_name": "Alice",
    "last_name": "Smith",
    "age": 30,
    "gender": "Female"
}"#;

    pub(crate) const PATIENT_UPDATE: &str = r#"{
    "first_name": "Alice",
    "last_name": "Johnson",
    "age": 31,
    "gender": "Female"
}"#;

    pub(crate) const DOCTOR: &str = r#"{
    "first_name": "Dr. Sarah",
    "last_name": "Johnson",
    "specialization": "Cardiology",
    "email": "sarah@hospital.com",
    "phone": "+1234567890"
}"#;

    pub(crate) const DOCTOR_UPDATE: &str = r#"{
    "first_name": "Dr. Sarah",
    "last_name": "Smith",
    "specialization": "Cardiology",
    "email": "sarah@hospital.com",
    "phone": "+1234567890"
}"#;

    pub(crate) const MAPPING: &str = r#"{
    "patient": 1,
    "doctor": 1
}"#;
}

/// The backend in which only staff manage doctors.
pub(super) mod staffed {
    pub(crate) const REGISTER: &str = r#"{
      "name": "Your Name",
      "email": "user@example.com",
      "password": "yourpassword"
  }"#;

    pub(crate) const LOGIN: &str = r#"{
      "email": "user@example.com",
      "password": "yourpassword"
  }"#;

    pub(crate) const MAPPING: &str = r#"{
      "patient_id": 1,
      "doctor_id": 1
  }"#;
}

/// The backend for Indian institutions.
pub(super) mod indian {
    pub(crate) const REGISTER: &str = r#"{
    "username": "rahul_kumar",
    "email": "rahul.kumar@gmail.com",
    "password": "Secure@123",
    "phone": "9876543210",
    "role": "patient"
}"#;

    pub(crate) const LOGIN: &str = r#"{
    "email": "rahul.kumar@gmail.com",
    "password": "Secure@123"
}"#;

    pub(crate) const PATIENT: &str = r#"{
    "name": "Arjun Sharma",
    "email": "arjun.sharma@gmail.com",
    "phone": "8765432109",
    "date_of_birth": "1990-05-15",
    "address": "123 MG Road, Bangalore",
    "gender": "male",
    "blood_group": "B+",
    "emergency_contact": "9876543210",
    "medical_history": "No known allergies"
}"#;

    pub(crate) const DOCTOR: &str = r#"{
    "name": "Dr. Priya Patel",
    "email": "priya.patel@aiims.edu",
    "phone": "7654321098",
    "specialization": "Cardiology",
    "license_number": "CARD2025001",
    "experience_years": 8,
    "address": "AIIMS Hospital, New Delhi",
    "consultation_fee": "1500.00",
    "availability": "Mon-Fri 9AM-5PM"
}"#;

    pub(crate) const MAPPING: &str = r#"{
    "patient": 1,
    "doctor": 1,
    "notes": "Regular cardiology consultation"
}"#;
}

/// The backend that tracks reasons for visits.
pub(super) mod reasons {
    pub(crate) const REGISTER: &str = r#"{
    "email": "user@example.com",
    "name": "John Doe",
    "password": "securepassword123"
}"#;

    pub(crate) const LOGIN: &str = r#"{
    "email": "user@example.com",
    "password": "securepassword123"
}"#;

    pub(crate) const PATIENT: &str = r#"{
    "first_name": "Jane",
    "last_name": "Smith",
    "date_of_birth": "1990-01-01",
    "gender": "F",
    "phone_number": "1234567890",
    "email": "jane@example.com",
    "address": "123 Main St, City, Country",
    "medical_history": "No significant medical history"
}"#;

    pub(crate) const DOCTOR: &str = r#"{
    "first_name": "Robert",
    "last_name": "Johnson",
    "specialization": "Cardiology",
    "license_number": "LIC12345",
    "phone_number": "9876543210",
    "email": "dr.robert@example.com",
    "years_of_experience": 10
}"#;

    pub(crate) const MAPPING: &str = r#"{
    "patient": 1,
    "doctor": 1,
    "reason_for_visit": "Regular checkup"
}"#;

    pub(crate) const CURL_REGISTER: &str = r#"{
    "email": "test@example.com",
    "name": "Test User",
    "password": "testpass123"
}"#;

    pub(crate) const CURL_LOGIN: &str = r#"{
    "email": "test@example.com",
    "password": "testpass123"
}"#;

    pub(crate) const CURL_PATIENT: &str = r#"{
    "first_name": "John",
    "last_name": "Doe",
    "date_of_birth": "1985-05-15",
    "gender": "M",
    "phone_number": "5551234567",
    "email": "john.doe@example.com",
    "address": "456 Oak St, City, Country",
    "medical_history": "Hypertension"
}"#;
}
