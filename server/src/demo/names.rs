//! The names on the demo school's class lists, and of classes that visit it. Invented.

/// So many classes are there beside the demo school's own, none with a name of another.
pub const OTHER_CLASSES: u128 = 26 * 30;

/// A class of any size that plays the demo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Class(Option<usize>);

impl Class {
    /// Year 8, and whoever else comes.
    pub const OWN: Self = Self(None);

    /// Another one of [`OTHER_CLASSES`].
    #[must_use]
    pub const fn other(number: u128) -> Self {
        Self(Some((number % OTHER_CLASSES) as usize))
    }

    /// The name of a student, counted from 0.
    #[must_use]
    pub fn name(self, student: usize) -> String {
        let Some(number) = self.0 else {
            return YEAR_8.get(student).map_or_else(|| format!("Student {}", student + 1), |name| (*name).to_owned());
        };
        // Everybody's first name, a middle initial, and the family name of somebody further down the list.
        let (place, number) = (student % YEAR_8.len(), number + student / YEAR_8.len());
        let initial = char::from(b'A' + (number % 26) as u8);
        let further = 1 + number / 26 % (YEAR_8.len() - 1);
        let (first, _) = YEAR_8[place].split_once(' ').unwrap_or_default();
        let (_, family) = YEAR_8[(place + further) % YEAR_8.len()].split_once(' ').unwrap_or_default();
        format!("{first} {initial}. {family}")
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
        let others = (0..OTHER_CLASSES).flat_map(|class| (0..YEAR_8.len()).map(move |n| Class::other(class).name(n)));
        let names: Vec<String> = own.chain(others).collect();
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
        assert_eq!((&names[0], &names[40]), (&"Amara Okafor".to_owned(), &"Student 41".to_owned()));
        assert_eq!(Class::other(0).name(0), "Amara A. Whitlock");
    }

    #[test]
    fn nor_do_two_students_of_the_largest_class() {
        let names: BTreeSet<String> = (0..1_000).map(|student| Class::other(779).name(student)).collect();
        assert_eq!(names.len(), 1_000);
    }
}
