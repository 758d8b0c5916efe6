//! Files of each kind that readers of GIFT stumble over, and what comes out of them.
//!
//! Owns the outcome of every file in `cases/`, line by line. Does not own the rules behind it.

use crate::quizzes::gift::{self, Format, Question, Text};

/// A text with the name of its format, if that is not Moodle's own. Line breaks and tabs are shown as signs.
fn said(text: &Text) -> String {
    let name = match text.format {
        Format::Moodle => "",
        Format::Html => "[html]",
        Format::Markdown => "[markdown]",
        Format::Plain => "[plain]",
    };
    format!("{name}{}", text.source.replace('\n', "⏎").replace('\t', "⇥"))
}

fn told(question: &Question) -> String {
    let title = question.title.as_ref().map_or(String::new(), |title| format!("::{title}:: "));
    let choice = |choice: &gift::Choice| {
        let feedback = choice.feedback.as_ref().map_or(String::new(), |feedback| format!(" #{}", said(feedback)));
        format!(" {}{}{feedback}", if choice.is_key { '=' } else { '~' }, said(&choice.text))
    };
    let choices: String = question.choices.iter().map(choice).collect();
    let explanation = question.explanation.as_ref().map_or(String::new(), |text| format!(" ####{}", said(text)));
    format!("line {}: {title}{}{choices}{explanation}", question.line, said(&question.text))
}

#[track_caller]
fn check(source: &str, questions: &[&str], refused: &[&str]) {
    let reading = gift::read(source);
    assert_eq!(reading.questions.iter().map(told).collect::<Vec<_>>(), questions);
    let told: Vec<_> = reading
        .refused
        .iter()
        .map(|refused| format!("line {}: [{}] {:?}", refused.line, refused.name, refused.reason))
        .collect();
    assert_eq!(told, refused);
}

#[test]
fn dollar_first() {
    check(
        include_str!("../cases/dollar-first.gift"),
        &[
            r#"line 2: $total = 3 + 4; what is kept in the variable? =7 ~34"#,
            r#"line 4: ::Price:: $8 buys two kilograms of rice,⏎and $12 buys three.⏎How much is one kilogram? =$4 ~$6 ~$20"#,
            r#"line 8: $$E = mc^2$$ _____. =relates mass and energy ~is a law of gases"#,
            r#"line 12: $category is a word like any other =true ~false"#,
        ],
        &[r#"line 14: [Which starts a command?] OpenBrace"#, r#"line 16: [~a hash}] StrayBrace"#],
    );
}

#[test]
fn percent_choice() {
    check(
        include_str!("../cases/percent-choice.gift"),
        &[
            r#"line 1: ::Format:: How is a float printed? =%.2f ~%2d%s ~%"#,
            r#"line 5: Which weight is right? =this one ~not this ~nor this"#,
            r#"line 7: Which share is larger? =50% ~%5 ~5%"#,
        ],
        &[
            r#"line 3: [Modulo] Unsupported(PartialCredit)"#,
            r#"line 9: [Both are half right] Unsupported(MultipleAnswer)"#,
            r#"line 11: [One is right and one nearly] Unsupported(PartialCredit)"#,
            r#"line 13: [Over the top] Weight"#,
        ],
    );
}

#[test]
fn arrow_choice() {
    check(
        include_str!("../cases/arrow-choice.gift"),
        &[r#"line 1: Which function has the type of a predicate? =a -> Bool ~Bool -> a ~a -> a"#],
        &[r#"line 7: [Pairs] Unsupported(Matching)"#],
    );
}

#[test]
fn tilde_equals() {
    check(
        include_str!("../cases/tilde-equals.gift"),
        &[
            r#"line 1: A mile is _____ than a kilometre. ~shorter =longer ~as long"#,
            r#"line 3: An hour is _____ minutes. =sixty ~a hundred"#,
        ],
        &[r#"line 5: [Nothing is right here] EmptyChoice"#, r#"line 7: [An empty choice with feedback] HashInChoice"#],
    );
}

#[test]
fn missing_brace() {
    check(
        include_str!("../cases/missing-brace.gift"),
        &[
            r#"line 1: ::One:: This one is whole =p ~q"#,
            r#"line 12: ::Four:: Here the blank line does no harm =p ~q ####None at all."#,
            r#"line 26: ::Eight:: This one is whole again =p ~q"#,
        ],
        &[
            r#"line 3: [Two] OpenBrace"#,
            r#"line 7: [Three] OpenBrace"#,
            r#"line 20: [Five] OpenBrace"#,
            r#"line 24: [Seven] StrayBrace"#,
        ],
    );
}

#[test]
fn html() {
    check(
        include_str!("../cases/html.gift"),
        &[
            r#"line 1: ::Bold:: [html]<p>Which tag makes text <b>bold</b>?</p><p>Pick&nbsp;one.</p> =[html]<code>b</code> #[html]<p>Yes</p> ~[plain]<i> #[html]No, that is for italics ~[html]<code>u</code> ####See the chapter on tags"#,
        ],
        &[r#"line 8: [Which is *emphasis*?] HashInChoice"#],
    );
}

#[test]
fn code_layout() {
    check(
        include_str!("../cases/code-layout.gift"),
        &[
            r#"line 1: ::Sum:: [markdown]What is printed?⏎```⏎total = 0⏎for n in (1, 2):⏎    if n > 1:⏎⇥    total += n⏎print(total)⏎``` =[markdown]2 ~[markdown]3 ~[markdown]1"#,
            r#"line 12: ::First::     if x:⏎        y()⏎Which name is called? =y ~[plain]x"#,
            r#"line 19:   Two lines⏎    and the second is indented. =def f():⏎    return 1 ~def f():⏎return 1"#,
        ],
        &[],
    );
}

#[test]
fn indent() {
    check(
        include_str!("../cases/indent.gift"),
        &[
            r#"line 1: Which line is inside the loop? =[plain]    print(i) ~[plain]print(i) ~[plain]  print(i)"#,
            r#"line 3: Which line is in a block? =⇥pass ~pass ~    pass"#,
        ],
        &[
            r#"line 5: [These two are alike] Repeated { text: "one" }"#,
            r#"line 7: [White space is nothing in HTML] Repeated { text: "<b>x</b>" }"#,
        ],
    );
}

#[test]
fn blank() {
    check(
        include_str!("../cases/blank.gift"),
        &[
            r#"line 1: Water boils at _____ °C. =100 ~90"#,
            r#"line 3: (_____) is the capital of Norway. =Oslo ~Bergen"#,
            r#"line 5: Is it "_____"? =affect ~effect"#,
            r#"line 7: At the end stands no blank: =right ~wrong"#,
            r#"line 9: ::On two lines:: The longest river⏎of Europe is the _____⏎in Russia. =Volga ~Danube"#,
        ],
        &[],
    );
}

#[test]
fn equals_in_choice() {
    check(
        include_str!("../cases/equals-in-choice.gift"),
        &[r#"line 15: ::Escaped:: Which one assigns? =x = 1 ~x == 1"#],
        &[
            r#"line 2: [Option] EqualsInChoice { also: [4] }"#,
            r#"line 7: [Compare] EqualsInChoice { also: [] }"#,
            r#"line 9: [Several] SeveralKeys { keys: 2 }"#,
        ],
    );
}

#[test]
fn description() {
    check(
        include_str!("../cases/description.gift"),
        &[r#"line 3: ::North:: What lies in the north? =a lake ~a wood"#],
        &[
            r#"line 1: [Look at the map on page 7 for the next questions.] Unsupported(Description)"#,
            r#"line 5: [Which is the text of these answers?] Unsupported(Description)"#,
            r#"line 7: [{=this ~that}] NoText"#,
            r#"line 9: [Essay] Unsupported(Essay)"#,
            r#"line 11: [How many?] Unsupported(Numerical)"#,
            r#"line 13: [Who?] Unsupported(ShortAnswer)"#,
        ],
    );
}

#[test]
fn cr_only() {
    check(
        include_str!("../cases/cr-only.gift"),
        &[r#"line 2: ::First:: One⏎of two lines =yes ~no"#, r#"line 5: ::Second:: Two =yes ~no"#],
        &[],
    );
}

#[test]
fn braces_in_text() {
    check(
        include_str!("../cases/braces-in-text.gift"),
        &[
            r#"line 7: ::After:: _____ of $\frac{1}{2}$ is one. =Twice ~Half"#,
            r#"line 9: ::End:: _____ of one is $\frac{2}{1}$ =Twice ~Half"#,
            r#"line 13: ::Good:: $\frac{1}{2}$ is =0.5 ~2"#,
        ],
        &[
            r#"line 1: [Root] BraceInText"#,
            r#"line 3: [Set] BraceInText"#,
            r#"line 5: [Index] BraceInText"#,
            r#"line 11: [Only] BraceInText"#,
            r#"line 15: [Choice] BraceInChoice { opened: 15 }"#,
            r#"line 17: [Stray] StrayBrace"#,
            r#"line 19: [Last] BraceInText"#,
        ],
    );
}

#[test]
fn marks_inside() {
    check(
        include_str!("../cases/marks-inside.gift"),
        &[r#"line 1: ::One:: First =yes ~no"#, r#"line 6: ::Two:: Second =yes ~no"#],
        &[],
    );
}

#[test]
fn two_gaps() {
    check(
        include_str!("../cases/two-gaps.gift"),
        &[r#"line 8: Here _____ and a tie of {Fig.~1} is text. =one ~two"#],
        &[r#"line 1: [He] TwoGaps"#, r#"line 4: [She has] TwoGaps"#, r#"line 6: [They] TwoGaps"#],
    );
}

#[test]
fn hash_in_choice() {
    check(
        include_str!("../cases/hash-in-choice.gift"),
        &[
            r#"line 9: Which feedback may be left out? =this #yes ~that ~none #no"#,
            r#"line 11: Which is written well? =#000 ~C# #a language"#,
        ],
        &[
            r#"line 1: [Which is black?] HashInChoice"#,
            r#"line 3: [Which language is Microsoft's?] HashInChoice"#,
            r#"line 5: [Which note is black?] HashInChoice"#,
            r#"line 7: [Which is the letter?] HashInChoice"#,
        ],
    );
}

#[test]
fn right_to_left() {
    check(
        include_str!("../cases/right-to-left.gift"),
        &[r#"line 1: ::سؤال:: ما هي عاصمة مصر؟ =القاهرة ~دمشق #لا"#, r#"line 3: כמה ימים יש ב_____? שבעה. =שבוע ~חודש"#],
        &[],
    );
}
