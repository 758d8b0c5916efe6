//! The names on the demo school's class lists. Invented.

/// Year 8.
pub const YEAR_8: [&str; 31] = [
    "Amara Okafor", "Ben Whitlock", "Chiara Bianchi", "Daniel Osei", "Elif Demir", "Farah Aziz", "Gabriel Costa",
    "Hannah Lindqvist", "Ibrahim Diallo", "Jade Thompson", "Kofi Mensah", "Lena Hartmann", "Mateo Rojas",
    "Nadia Petrova", "Oscar Nyström", "Priya Raman", "Quentin Leroy", "Rosa Delgado", "Samir Haddad", "Tess Van Dijk",
    "Uma Krishnan", "Viktor Novak", "Wanjiru Kamau", "Xin Yi Tan", "Yusuf Rahman", "Zoe Papadakis", "Aoife Brennan",
    "Bilal Chaudhry", "Clara Jensen", "Dmitri Volkov", "Esther Adeyemi",
];

/// Year 7.
pub const YEAR_7: [&str; 24] = [
    "Felix Braun", "Greta Olsen", "Hugo Martin", "Imani Brooks", "Jonas Weber", "Keiko Mori", "Leo Santos",
    "Mila Horvat", "Noor Hassan", "Owen Price", "Paula Gomez", "Rafael Silva", "Sofia Rossi", "Tariq Malik",
    "Una Murphy", "Vera Kovacs", "William Frost", "Yara Nasser", "Zain Iqbal", "Alba Serrano", "Bo Larsen",
    "Cleo Martinez", "Dina Farouk", "Emil Dvorak",
];
