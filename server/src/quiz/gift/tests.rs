use super::*;

fn one(source: &str) -> Question {
    let mut questions = parse(source).expect("a question");
    assert_eq!(questions.len(), 1, "{questions:?}");
    questions.remove(0)
}

fn texts(question: &Question) -> Vec<&str> {
    question.choices.iter().map(|c| c.text.as_str()).collect()
}

fn key(question: &Question) -> &str {
    &question.choices.iter().find(|c| c.is_key).expect("a key").text
}

#[test]
fn a_question_with_title_choices_feedback_and_explanation() {
    let q = one(
        "// who\n::Grant:: [html]Who lies in Grant's tomb?{\n =Grant#yes\n ~no one # almost\n\n ~Napoleon\n####Nobody is buried there.}",
    );
    assert_eq!(q.title.as_deref(), Some("Grant"));
    assert_eq!(q.text, "Who lies in Grant's tomb?");
    assert_eq!(texts(&q), ["Grant", "no one", "Napoleon"]);
    assert_eq!(key(&q), "Grant");
    assert_eq!(q.choices[1].feedback.as_deref(), Some("almost"));
    assert_eq!(q.explanation.as_deref(), Some("Nobody is buried there."));
}

#[test]
fn escapes_are_resolved_and_a_missing_word_is_a_blank() {
    let q = one(r"1 \+ 1 \= {=2 \{two\} ~3 \~ about ~\#4} in base 10\: ten\nReally.");
    assert_eq!(q.text, "1 \\+ 1 = _____ in base 10: ten\nReally.");
    assert_eq!(texts(&q), ["2 {two}", "3 ~ about", "#4"]);
}

#[test]
fn true_and_false_become_two_choices() {
    let q = one("The sun rises in the east.{T#wrong#right}");
    assert_eq!((texts(&q), key(&q)), (vec!["True", "False"], "True"));
    assert_eq!(q.choices[0].feedback.as_deref(), Some("right"));
    assert_eq!(q.choices[1].feedback.as_deref(), Some("wrong"));
    assert_eq!(key(&one("x{FALSE}")), "False");
}

#[test]
fn weights_of_hundred_and_nothing_are_understood() {
    let q = one("x{~%100%a ~%0%b ~%-50%c}");
    assert_eq!(key(&q), "a");
}

#[test]
fn a_byte_order_mark_windows_lines_and_categories_do_not_matter() {
    let two = parse("\u{feff}$CATEGORY: biology\r\n\r\nA{=x ~y}\r\n\r\n\r\nB{=x ~y}\r\n").expect("two");
    assert_eq!(two.iter().map(|q| q.text.as_str()).collect::<Vec<_>>(), ["A", "B"]);
}

#[test]
fn what_freshmark_has_not_is_named_with_its_line() {
    for (source, kind) in [
        ("\n\nSay{}", "essay"),
        ("\n\nWhen{#1822:5}", "numerical"),
        ("\n\nMatch{=a -> b =c -> d =e -> f}", "matching"),
        ("\n\nShort{=a =b}", "short answer"),
        ("\n\nJust text", "description"),
        ("\n\nPartly{~%50%a ~%50%b ~c}", "partial credit"),
    ] {
        assert_eq!(parse(source), Err(GiftError::Unsupported { line: 3, kind }), "{source}");
    }
}

#[test]
fn mistakes_are_named_with_their_line() {
    assert_eq!(parse(" \n// nothing\n"), Err(GiftError::Empty));
    assert_eq!(parse("a{=x =y ~z}"), Err(GiftError::Keys { line: 1, keys: 2 }));
    assert_eq!(parse("a{~x ~z}"), Err(GiftError::Keys { line: 1, keys: 0 }));
    assert_eq!(parse("a{~%100%x}"), Err(GiftError::Choices { line: 1, choices: 1 }));
    assert_eq!(parse("a{=x ~ x}"), Err(GiftError::Repeated { line: 1, text: "x".to_owned() }));
    assert!(matches!(parse("{=x ~y}"), Err(GiftError::Length { line: 1, what: "a question", .. })));
    assert!(matches!(parse("a{=x ~}"), Err(GiftError::Length { what: "a choice", length: 0, .. })));
    assert!(matches!(parse("ok{=x ~y}\n\na{=x ~y"), Err(GiftError::Syntax { line: 3, .. })));
    assert!(matches!(parse("a}"), Err(GiftError::Syntax { line: 1, .. })));
    assert!(matches!(parse("a{{=x ~y}"), Err(GiftError::Syntax { line: 1, .. })));
    assert!(matches!(parse("::a{=x ~y}"), Err(GiftError::Syntax { line: 1, .. })));
    assert!(matches!(parse("a{x =y ~z}"), Err(GiftError::Syntax { line: 1, .. })));
    assert!(matches!(parse(&"x".repeat(MOST_BYTES + 1)), Err(GiftError::TooLarge(_))));
    let many = "a{=x ~y}\n\n".repeat(MOST_QUESTIONS + 1);
    assert_eq!(parse(&many), Err(GiftError::TooManyQuestions { line: 2 * MOST_QUESTIONS + 1 }));
}

#[test]
fn the_demo_quizzes_are_whole() {
    for ((title, source), questions) in crate::demo::school::QUIZZES.iter().zip([10, 8, 6]) {
        let quiz = parse(source).unwrap_or_else(|e| panic!("{title}: {e}"));
        assert_eq!(quiz.len(), questions, "{title}");
        assert!(quiz.iter().all(|q| q.explanation.is_some() && q.choices.len() == 4), "{title}");
    }
}

/// No panic, whatever is cut off or changed: every prefix, and every place with another character.
#[test]
fn broken_sources_are_errors_and_never_panics() {
    for (_, source) in crate::demo::school::QUIZZES {
        for (place, c) in source.char_indices() {
            let (head, tail) = source.split_at(place);
            let _ = parse(head);
            let changed = ['{', '}', '\\', '%', '=', '#', 'é'][place % 7];
            let _ = parse(&format!("{head}{changed}{}", &tail[c.len_utf8()..]));
        }
    }
}
