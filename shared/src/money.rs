//! Money: an exact decimal with two digits after the point.

use std::{fmt, str::FromStr};

#[cfg(feature = "openapi")]
use poem_openapi::registry::{MetaSchema, MetaSchemaRef};
use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use serde_json::Value;

#[cfg(feature = "openapi")]
use crate::describe::Shape;
use crate::{Expected, FieldError};

/// The pattern of an amount in a request, with or without digits after the point.
#[cfg(feature = "openapi")]
const WRITTEN: &str = r"^[0-9]{1,8}(\.[0-9]{1,2})?$";
/// Digits after the point.
const SCALE: u32 = 2;

/// An amount from 0.00 to 99,999,999.99. In JSON it is a string with two digits after the point.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Money(i64);

impl Money {
    /// The largest amount.
    pub const MAX: Self = Self(9_999_999_999);
    /// The pattern of an amount in an answer, for the API description.
    pub const PATTERN: &'static str = r"^[0-9]{1,8}\.[0-9]{2}$";

    /// An amount from hundredths, which is how the database stores it.
    pub fn from_hundredths(hundredths: i64) -> Self {
        Self(hundredths)
    }

    /// The amount in hundredths.
    pub fn hundredths(self) -> i64 {
        self.0
    }
}

impl FromStr for Money {
    type Err = FieldError;

    /// Parses `200`, `200.0` and `200.00`. Fails on more than two digits after the point and on
    /// amounts out of range.
    fn from_str(text: &str) -> Result<Self, FieldError> {
        let is_sign = |c| matches!(c, '-' | '+');
        let digits = text.trim_start_matches(is_sign);
        let fraction = digits.split_once('.').map(|(_, fraction)| fraction.len());
        let is_plain = digits.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        if !is_plain || fraction.is_some_and(|digits| !(1..=2).contains(&digits)) {
            return Err(wrong());
        }
        Self::of(Decimal::from_str_exact(text).map_err(|_| wrong())?)
    }
}

fn wrong() -> FieldError {
    let message = "must be an amount with at most two digits after the point, like 200.00";
    FieldError::new("invalid_money", message)
}

impl Money {
    fn of(amount: Decimal) -> Result<Self, FieldError> {
        let mut amount = amount.normalize();
        if amount.scale() > SCALE {
            return Err(wrong());
        }
        amount.rescale(SCALE);
        match i64::try_from(amount.mantissa()) {
            Ok(hundredths) if (0..=Self::MAX.0).contains(&hundredths) => Ok(Self(hundredths)),
            _ => {
                let message = format!("must be between {} and {}", Self(0), Self::MAX);
                Err(FieldError::new("out_of_range", message)
                    .with("min", Self(0).to_string())
                    .with("max", Self::MAX.to_string()))
            }
        }
    }
}

/// Reads an amount from a string or a JSON number. A blank string is no amount.
pub fn money(value: Value) -> Result<Option<Money>, FieldError> {
    match value {
        Value::String(text) if text.trim().is_empty() => Ok(None),
        Value::String(text) => text.trim().parse().map(Some),
        // The shortest decimal that gives this number, which is how it was written.
        Value::Number(number) => {
            let text = number.to_string();
            let read = Decimal::from_str_exact(&text).or_else(|_| Decimal::from_scientific(&text));
            Money::of(read.map_err(|_| wrong())?).map(Some)
        }
        _ => Err(FieldError::wrong_type(Expected::Decimal)),
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Decimal::new(self.0, SCALE).fmt(f)
    }
}

impl Serialize for Money {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Money {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(|error: FieldError| D::Error::custom(error.message))
    }
}

#[cfg(feature = "openapi")]
impl crate::describe::Describe for Money {
    const NAME: Option<&'static str> = None;

    fn schema(_: &mut poem_openapi::registry::Registry) -> MetaSchema {
        MetaSchema {
            pattern: Some(Self::PATTERN.to_owned()),
            max_length: Some(11),
            example: Some("200.00".into()),
            ..MetaSchema::new("string")
        }
    }
}
described!(Money);

/// Describes an amount in a query parameter.
#[cfg(feature = "openapi")]
pub fn describe_parameter(shape: Shape) -> Shape {
    shape.pattern(WRITTEN).with(|schema| schema.example = None)
}

/// Describes an amount in a body: a string with or without digits after the point, or a number.
#[cfg(feature = "openapi")]
pub fn describe_input(shape: Shape) -> Shape {
    shape.with(|schema| {
        let text = MetaSchema {
            pattern: Some(WRITTEN.to_owned()),
            ..std::mem::replace(schema, MetaSchema::ANY)
        };
        let number = MetaSchema {
            minimum: Some(0.0),
            maximum: Some(99_999_999.99),
            multiple_of: Some(0.01),
            ..MetaSchema::new("number")
        };
        schema.one_of = [text, number].map(|schema| MetaSchemaRef::Inline(Box::new(schema))).into();
        schema.example = Some("200.00".into());
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(value: Value) -> Result<String, &'static str> {
        money(value).map(|money| money.unwrap_or_default().to_string()).map_err(|c| c.code)
    }

    #[test]
    fn amounts_are_exact_and_have_two_digits() {
        use serde_json::json;
        for (sent, expected) in [
            (json!("200"), "200.00"),
            (json!("1500.00"), "1500.00"),
            (json!(200.0), "200.00"),
            (json!(0.1), "0.10"),
            (json!(99_999_999.99), "99999999.99"),
            (json!(2e2), "200.00"),
            (json!(0), "0.00"),
        ] {
            assert_eq!(read(sent.clone()).as_deref(), Ok(expected), "{sent}");
        }
        for (sent, code) in [
            (json!("200.001"), "invalid_money"),
            (json!("1,5"), "invalid_money"),
            (json!("200.000"), "invalid_money"),
            (json!("2e2"), "invalid_money"),
            (json!("200."), "invalid_money"),
            (json!("99999999999999999999999999999999"), "invalid_money"),
            (json!("NaN"), "invalid_money"),
            (json!("100000000.00"), "out_of_range"),
            (json!(-0.01), "out_of_range"),
            (json!(true), "wrong_type"),
        ] {
            assert_eq!(read(sent.clone()), Err(code), "{sent}");
        }
    }

    #[test]
    fn an_amount_survives_a_round_trip() {
        let amount = Money::from_hundredths(123_450);
        let json = serde_json::to_string(&amount).unwrap();
        assert_eq!(json, "\"1234.50\"");
        assert_eq!(serde_json::from_str::<Money>(&json).unwrap(), amount);
    }
}
