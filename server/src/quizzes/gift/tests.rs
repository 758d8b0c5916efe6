//! What the reader says of sources that stand here whole, its limits, and its sentences.

use super::*;

mod cases;
mod chance;
mod made_up;
mod moodle;

fn one(source: &str) -> Question {
    let mut reading = read(source);
    assert_eq!((reading.questions.len(), &reading.refused[..]), (1, &[][..]), "{source}");
    reading.questions.remove(0)
}

fn refusal(source: &str) -> (usize, Reason) {
    let mut reading = read(source);
    assert_eq!((&reading.questions[..], reading.refused.len()), (&[][..], 1), "{source}");
    let refused = reading.refused.remove(0);
    (refused.line, refused.reason)
}

fn texts(question: &Question) -> Vec<&str> {
    question.choices.iter().map(|choice| choice.text.source.as_str()).collect()
}

fn key(question: &Question) -> &str {
    &question.choices.iter().find(|choice| choice.is_key).expect("a key").text.source
}

fn feedback(choice: &Choice) -> Option<&str> {
    choice.feedback.as_ref().map(|feedback| feedback.source.as_str())
}

#[test]
fn a_question_with_title_choices_feedback_and_explanation() {
    let q = one(
        "// who\n::Grant:: [html]Who lies in Grant's tomb?{\n =Grant#yes\n ~no one # almost\n\n ~Napoleon\n####Nobody is buried there.}",
    );
    assert_eq!((q.line, q.title.as_deref()), (2, Some("Grant")));
    assert_eq!((q.text.format, q.text.source.as_str()), (Format::Html, "Who lies in Grant's tomb?"));
    assert_eq!(texts(&q), ["Grant", "no one", "Napoleon"]);
    assert_eq!(key(&q), "Grant");
    assert_eq!(feedback(&q.choices[1]), Some("almost"));
    assert_eq!(q.explanation.expect("an explanation").source, "Nobody is buried there.");
}

#[test]
fn escapes_are_resolved_and_a_missing_word_is_a_blank() {
    let q = one(r"1 \+ 1 \= {=2 \{two\} ~3 \~ about ~\#4} in base 10\: ten\nReally.");
    assert_eq!(q.text.source, "1 \\+ 1 = _____ in base 10: ten\nReally.");
    assert_eq!(texts(&q), ["2 {two}", "3 ~ about", "#4"]);
    assert_eq!(texts(&one(r"x{=\\ ~\\\= ~\\n ~a\nb}")), ["\\", "\\=", "\\n", "a\nb"]);
}

#[test]
fn true_and_false_become_two_choices() {
    let q = one("The sun rises in the east.{T#wrong#right}");
    assert_eq!((texts(&q), key(&q)), (vec!["True", "False"], "True"));
    assert_eq!((feedback(&q.choices[0]), feedback(&q.choices[1])), (Some("right"), Some("wrong")));
    assert_eq!(key(&one("x{FALSE}")), "False");
    assert_eq!(refusal("x\n{True}"), (2, Reason::NoMark));
    assert_eq!(refusal("x\n{True} or false?"), (2, Reason::BraceInText));
}

#[test]
fn general_feedback_begins_at_the_last_four_hashes() {
    let q = one("x{=a#first####no ~b####last}");
    assert_eq!(feedback(&q.choices[0]), Some("first####no"));
    assert_eq!(q.explanation.expect("an explanation").source, "last");
}

#[test]
fn a_question_after_an_open_one_is_taken_whatever_it_begins_with() {
    let reading = read("One {=a\n\n# Two {=c ~d}\n\n~Three {=e ~f}");
    assert_eq!(reading.questions.iter().map(|q| q.text.source.as_str()).collect::<Vec<_>>(), ["# Two", "~Three"]);
    assert_eq!(reading.refused.len(), 1);
    assert_eq!(read("One {=a ~b} and {c\n\n~d}.").refused.len(), 2, "a brace of the text goes on over no blank line");
}

#[test]
fn indentation_after_the_name_of_a_plain_format_is_kept() {
    let q = one("[markdown]  x\ny{=[plain]    pass ~[plain] return ~[html]  i ~  j}");
    assert_eq!((q.text.source.as_str(), &texts(&q)[..]), ("  x\ny", &["    pass", "return", "i", "j"][..]));
}

#[test]
fn a_refused_question_is_named_by_its_title_or_its_first_words() {
    let names = |source: &str| read(source).refused.into_iter().map(|refused| refused.name).collect::<Vec<_>>();
    assert_eq!(
        names("::A \\: b:: x {}\n\n  [html]Who\nis  it? {}\n\n{}\n\n::open {}"),
        ["A : b", "Who is it?", "{}", "::open"]
    );
    let [long] = &names(&format!("{} {{}}", "é".repeat(80)))[..] else { panic!("one name") };
    assert_eq!(long, &format!("{}…", "é".repeat(60)));
}

#[test]
fn a_cause_names_its_line_and_what_to_do() {
    let told = |source: &str| read(source).refused.iter().map(Refused::to_string).collect::<Vec<_>>().join("|");
    let equals = "the `=` inside a choice has to be written `\\=`";
    let only = "; only the right choice begins with `=`";
    assert_eq!(told("x {\n~a=1\n=b=2\n~c=3\n}"), format!("line 2: {equals}, also on lines 3 and 4{only}"));
    assert_eq!(told("x {=a=1 ~b}"), format!("line 1: {equals}{only}"));
    let many = (0..20).map(|n| format!("~{n}=0\n")).collect::<String>();
    assert!(
        told(&format!("x {{\n{many}}}")).contains("also on lines 3, 4, 5, 6, 7, 8, 9, 10, 11 and 12 and on others")
    );
    assert_eq!(told("\nx\n{=a ~b"), "line 3: the brace `{` opened here is not closed; write `}` after the last choice");
    assert!(told("x {=a ~b}\n::y:: z {=a ~b}").starts_with("line 2: a new question begins here; put a blank line"));
    assert!(told("x {=a ~b} and\n{=a ~b}").starts_with("line 2: the question has two gaps, the second one here"));
    assert!(told("x\ny").starts_with("line 1: this is a description"));
    assert_eq!(told("x {\n=a ~b\n~a}"), "line 3: the choice “a” stands here twice; change one of them, or take it out");
}

#[test]
fn a_source_without_a_question_says_so() {
    assert_eq!(read(" \n// nothing\n$CATEGORY: x"), Reading::default());
    assert_eq!(NoQuestion(Vec::new()).to_string(), "the file holds no question");
    let many = NoQuestion(read(&"x {}\n\n".repeat(15)).refused).to_string();
    assert!(many.contains("\nline 19: this is an essay question") && many.ends_with("\nand 5 more"), "{many}");
}

#[test]
fn mistakes_are_named_with_their_line() {
    assert_eq!(refusal("a{=x =y ~z}"), (1, Reason::SeveralKeys { keys: 2 }));
    assert_eq!(refusal("a{=x ~%100%y ~z}"), (1, Reason::SeveralKeys { keys: 2 }));
    assert_eq!(refusal("a{~%100%x ~%100%y}"), (1, Reason::Unsupported(Kind::MultipleAnswer)));
    assert_eq!(refusal("a{~x ~z}"), (1, Reason::NoKey));
    assert_eq!(refusal("a{=x ~%0.5%z}"), (1, Reason::Unsupported(Kind::PartialCredit)));
    assert_eq!(refusal("a{=%0%x ~z}"), (1, Reason::Unsupported(Kind::PartialCredit)));
    assert_eq!(refusal("a{\n=x##y\n~z#w}"), (2, Reason::HashInChoice));
    assert_eq!(refusal("{=x ~y}\u{a0}"), (1, Reason::NoText));
    assert_eq!(refusal("a{~%100%x}"), (1, Reason::Choices { choices: 1 }));
    assert_eq!(refusal("a{=x ~}"), (1, Reason::Choices { choices: 1 }));
    assert_eq!(refusal("a{=x ~ x}"), (1, Reason::Repeated { text: "x".to_owned() }));
    assert_eq!(refusal("{=x ~y}"), (1, Reason::NoText));
    assert_eq!(refusal("a}"), (1, Reason::StrayBrace));
    assert_eq!(refusal("a{\n{=x ~y}"), (2, Reason::BraceInChoice { opened: 1 }));
    assert_eq!(refusal("::a{=x ~y}"), (1, Reason::OpenTitle));
    assert_eq!(refusal("a{\nx =y ~z}"), (2, Reason::NoMark));
    assert_eq!(refusal("a\nb\0c{=x ~y}"), (2, Reason::Nul));
}

#[test]
fn what_is_too_much_is_said() {
    assert!(matches!(refusal(&"x".repeat(MOST_BYTES + 1)), (1, Reason::TooLarge { bytes }) if bytes == MOST_BYTES + 1));
    let many = read(&"a{=x ~y}\n\n".repeat(MOST_QUESTIONS + 9));
    let line = 2 * MOST_QUESTIONS + 1;
    assert_eq!(many.questions.len(), MOST_QUESTIONS);
    assert_eq!(many.refused.iter().map(|refused| refused.line).collect::<Vec<_>>(), [line]);
    assert_eq!(many.refused[0].reason, Reason::TooManyQuestions);
    let many = read(&"a\n\n".repeat(MOST_REFUSED + 9)).refused;
    assert_eq!((many.len(), &many[MOST_REFUSED].reason), (MOST_REFUSED + 1, &Reason::TooManyRefused));
    let choices: String = (0..MOST_CHOICES).map(|n| format!("~{n}")).collect();
    assert_eq!(refusal(&format!("a{{=x {choices}}}")), (1, Reason::Choices { choices: MOST_CHOICES + 1 }));
    let long = "é".repeat(MOST_TEXT + 1);
    for (source, what) in [
        (format!("::{long}::a{{=x ~y}}"), "a title"),
        (format!("{long}{{=x ~y}}"), "a question"),
        (format!("a{{={long} ~y}}"), "a choice"),
        (format!("a{{=x#{long} ~y}}"), "feedback"),
        (format!("a{{=x ~y####{long}}}"), "an explanation"),
    ] {
        let (_, reason) = refusal(&source);
        assert!(
            matches!(reason, Reason::TooLong { what: named, length, .. } if named == what && length == MOST_TEXT + 1)
        );
    }
}

#[test]
fn the_demo_quizzes_are_whole() {
    for ((title, source), questions) in crate::demo::quizzes::QUIZZES.iter().zip([10, 8, 6]) {
        let Reading { questions: read, refused } = read(source);
        assert_eq!((read.len(), &refused[..]), (questions, &[][..]), "{title}");
        assert!(read.iter().all(|q| q.title.is_some() && q.explanation.is_some() && q.choices.len() == 4), "{title}");
    }
}

/// No panic, whatever is cut off or changed: every prefix, and every place with another character.
#[test]
fn broken_sources_are_refused_and_never_panics() {
    for (_, source) in crate::demo::quizzes::QUIZZES {
        for (place, c) in source.char_indices() {
            let (head, tail) = source.split_at(place);
            let _ = read(head);
            let changed = ['{', '}', '\\', '%', '=', '#', 'é'][place % 7];
            let _ = read(&format!("{head}{changed}{}", &tail[c.len_utf8()..]));
        }
    }
}

/// Large files of the worst kinds: time grows with the length of a source and not with its square.
#[test]
fn no_source_takes_long() {
    let worst = [
        "\r", "{\n\n=", "=", "x{=a", "~#", "{\n", "}\n", "{~\n\n", "\n ", "\\", "::", "\n::", "a\n\n~", "{} ", "#",
        "[html]",
    ];
    for piece in worst {
        for head in ["", "x {", "::", "x {=a\n"] {
            let source = format!("{head}{}", piece.repeat(MOST_BYTES / 8 / piece.len()));
            let began = std::time::Instant::now();
            let _ = read(&source);
            let took = began.elapsed();
            assert!(took.as_secs() < 3, "{took:?}: {head:?} {piece:?}");
        }
    }
}
