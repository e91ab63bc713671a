-- The language in which a patient prefers to speak, as a tag of BCP 47.
ALTER TABLE patients ADD COLUMN preferred_language TEXT;
