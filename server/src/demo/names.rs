//! The names on the demo school's class lists, and of classes that visit it. Invented.
//!
//! Owns the names alone.

/// A class of any size that plays the demo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Class(Option<usize>);

impl Class {
    /// Year 8, and whoever else comes.
    pub const OWN: Self = Self(None);

    /// Another one: no two numbers below 20,000 share a name, as long as each is above the one before by the thirtieth
    /// part of that one's students.
    #[must_use]
    pub const fn other(number: usize) -> Self {
        Self(Some(number))
    }

    /// The name of a student, counted from 0.
    #[must_use]
    pub fn name(self, student: usize) -> String {
        let Some(number) = self.0 else {
            return YEAR_8.get(student).map_or_else(|| format!("Student {}", student + 1), |name| (*name).to_owned());
        };
        // Everybody's first name, the family name of somebody further down the list, and initials in between.
        let (place, number) = (student % YEAR_8.len(), number + student / YEAR_8.len());
        let (further, number) = (1 + number % (YEAR_8.len() - 1), number / (YEAR_8.len() - 1));
        let initial = |number: usize| char::from(b'A' + (number % 26) as u8);
        let (first, _) = YEAR_8[place].split_once(' ').unwrap_or_default();
        let (_, family) = YEAR_8[(place + further) % YEAR_8.len()].split_once(' ').unwrap_or_default();
        match number {
            0 => format!("{first} {family}"),
            1..=26 => format!("{first} {}. {family}", initial(number - 1)),
            _ => format!("{first} {}. {}. {family}", initial(number - 27), initial((number - 27) / 26)),
        }
    }
}

/// Year 8.
pub const YEAR_8: [&str; 31] = [
    "Amara Okafor",
    "Ben Whitlock",
    "Chiara Bianchi",
    "Daniel Osei",
    "Elif Demir",
    "Farah Aziz",
    "Gabriel Costa",
    "Hannah Lindqvist",
    "Ibrahim Diallo",
    "Jade Thompson",
    "Kofi Mensah",
    "Lena Hartmann",
    "Mateo Rojas",
    "Nadia Petrova",
    "Oscar Nyström",
    "Priya Raman",
    "Quentin Leroy",
    "Rosa Delgado",
    "Samir Haddad",
    "Tess Van Dijk",
    "Uma Krishnan",
    "Viktor Novak",
    "Wanjiru Kamau",
    "Xin Yi Tan",
    "Yusuf Rahman",
    "Zoe Papadakis",
    "Aoife Brennan",
    "Bilal Chaudhry",
    "Clara Jensen",
    "Dmitri Volkov",
    "Esther Adeyemi",
];

/// Year 7.
pub const YEAR_7: [&str; 24] = [
    "Felix Braun",
    "Greta Olsen",
    "Hugo Martin",
    "Imani Brooks",
    "Jonas Weber",
    "Keiko Mori",
    "Leo Santos",
    "Mila Horvat",
    "Noor Hassan",
    "Owen Price",
    "Paula Gomez",
    "Rafael Silva",
    "Sofia Rossi",
    "Tariq Malik",
    "Una Murphy",
    "Vera Kovacs",
    "William Frost",
    "Yara Nasser",
    "Zain Iqbal",
    "Alba Serrano",
    "Bo Larsen",
    "Cleo Martinez",
    "Dina Farouk",
    "Emil Dvorak",
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_two_classes_share_a_name() {
        let own = (0..60).map(|student| Class::OWN.name(student));
        let others = (0..20_000).flat_map(|class| (0..YEAR_8.len()).map(move |n| Class::other(class).name(n)));
        let names: Vec<String> = own.chain(others).collect();
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
        assert_eq!((&names[0], &names[40]), (&"Amara Okafor".to_owned(), &"Student 41".to_owned()));
        let some = [0, 30, 30 * 27].map(|class| Class::other(class).name(0));
        assert_eq!(some, ["Amara Whitlock", "Amara A. Whitlock", "Amara A. A. Whitlock"]);
    }

    #[test]
    fn nor_do_large_classes_one_after_the_other() {
        let mut names = BTreeSet::new();
        for handed_in in (1_000..20_000).step_by(1_000) {
            names.extend((0..1_000).map(|student| Class::other(handed_in).name(student)));
        }
        assert_eq!(names.len(), 19_000);
    }
}
