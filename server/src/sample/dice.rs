//! Random numbers that are the same in every run.

/// SplitMix64: Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators" (OOPSLA
/// 2014), with the constants of Vigna's `splitmix64.c`. For samples only, never for secrets.
pub(super) struct Dice(u64);

impl Dice {
    /// Dice that give the same sequence for the same seed.
    pub(super) fn new(seed: u64) -> Self {
        let mut dice = Self(seed);
        // Neighbouring seeds must not give similar first numbers.
        let state = dice.next() ^ seed.rotate_left(32);
        Self(state)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 to `end - 1`; 0 where `end` is 0.
    pub(super) fn below(&mut self, end: u32) -> u32 {
        // The upper half of the number, scaled down: uniform enough for a sample.
        let scaled = (self.next() >> 32) * u64::from(end);
        u32::try_from(scaled >> 32).unwrap_or_default()
    }

    /// A number between two numbers, both included.
    pub(super) fn between(&mut self, first: u32, last: u32) -> u32 {
        first + self.below(last.saturating_sub(first) + 1)
    }

    /// True with this probability, in percent.
    pub(super) fn percent(&mut self, chance: u32) -> bool {
        self.below(100) < chance
    }

    /// One of several texts; the empty text where there are none.
    pub(super) fn pick<'a>(&mut self, choices: &[&'a str]) -> &'a str {
        let place = self.below(u32::try_from(choices.len()).unwrap_or(u32::MAX));
        choices.get(place as usize).copied().unwrap_or_default()
    }

    /// A pattern with every `#` replaced by a digit.
    pub(super) fn digits(&mut self, pattern: &str) -> String {
        let digit = |c| match c {
            '#' => char::from_digit(self.below(10), 10).unwrap_or('0'),
            other => other,
        };
        pattern.chars().map(digit).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_dice_fall_the_same_way_for_the_same_seed() {
        let throws = |seed| {
            let mut dice = Dice::new(seed);
            (0..50).map(|_| dice.below(1000)).collect::<Vec<_>>()
        };
        assert_eq!(throws(7), throws(7));
        assert_ne!(throws(7), throws(8));
    }

    #[test]
    fn every_number_in_range_comes_up_and_no_other() {
        let mut dice = Dice::new(1);
        let mut seen = [0; 6];
        for _ in 0..600 {
            seen[dice.below(6) as usize] += 1;
        }
        assert!(seen.iter().all(|times| (50..150).contains(times)), "{seen:?}");
        assert_eq!((dice.below(0), dice.between(4, 4), dice.pick(&[])), (0, 4, ""));
    }
}
