//! The tokens that we read, against those that the standard asks for: cases of our own, and html5lib's.  Parse errors are not
//! compared, since none are reported.
#![allow(clippy::disallowed_methods, reason = "a test reads its data")]

use std::cell::{Cell, RefCell};

use html5ever::LocalName;
use html5ever::tokenizer::states::RawKind;
use html5ever::tokenizer::{Doctype, Tag, TagKind, Token, TokenSink, TokenSinkResult};
use serde_json::{Map, Value, json};

use super::{Content, Sink, Tokenizer, Wanted, preprocess};

/// Tokens as html5lib writes them, adjacent texts in one.
#[derive(Default)]
struct Recorder {
    tokens: RefCell<Vec<Value>>,
    ended: Cell<bool>,
}

impl TokenSink for Recorder {
    type Handle = ();

    fn process_token(&self, token: Token, _: u64) -> TokenSinkResult<()> {
        assert!(!self.ended.get(), "{token:?} behind the end");
        let mut tokens = self.tokens.borrow_mut();
        match token {
            Token::CharacterTokens(text) => {
                assert!(!text.is_empty() && !text.contains('\0'), "{text:?}");
                push_text(&mut tokens, &text);
            }
            Token::NullCharacterToken => push_text(&mut tokens, "\0"),
            Token::CommentToken(data) => tokens.push(json!(["Comment", &*data])),
            Token::DoctypeToken(Doctype { name, public_id, system_id, force_quirks }) => {
                let [name, public, system] = [name, public_id, system_id].map(|text| text.map(|text| text.to_string()));
                tokens.push(json!(["DOCTYPE", name, public, system, !force_quirks]));
            }
            Token::TagToken(Tag { kind: TagKind::EndTag, name, .. }) => tokens.push(json!(["EndTag", &*name])),
            Token::TagToken(Tag { name, self_closing, attrs, .. }) => {
                let attributes =
                    attrs.iter().map(|attribute| (attribute.name.local.to_string(), json!(&*attribute.value)));
                let attributes: Map<String, Value> = attributes.collect();
                assert_eq!(attributes.len(), attrs.len(), "{attrs:?}");
                let mut tag = vec![json!("StartTag"), json!(&*name), Value::Object(attributes)];
                tag.extend(self_closing.then_some(Value::Bool(true)));
                tokens.push(Value::Array(tag));
            }
            Token::EOFToken => self.ended.set(true),
            Token::ParseError(error) => panic!("{error}"),
        }
        TokenSinkResult::Continue
    }
}

impl Sink for Recorder {}

fn push_text(tokens: &mut Vec<Value>, text: &str) {
    match tokens.last_mut() {
        Some(last) if last[0] == "Character" => last[1] = json!(last[1].as_str().unwrap().to_owned() + text),
        _ => tokens.push(json!(["Character", text])),
    }
}

/// The tokens of `input`, read in pieces of that many bytes.
fn tokens(input: &str, content: Content, last_start_tag: &str, piece: usize) -> Vec<Value> {
    let (page, wanted) = (preprocess(input), Wanted::Everything);
    let mut tokenizer = Tokenizer::new(&page, &wanted, usize::MAX, Recorder::default())
        .within(content, LocalName::from(last_start_tag));
    while tokenizer.advance(piece) {}
    assert!(tokenizer.sink.ended.get());
    tokenizer.sink.tokens.into_inner()
}

/// `\uHHHH` in a test's strings, which stands for a UTF-16 code unit.  `None` where a surrogate stands alone: no text of ours can hold it.
fn unescaped(value: &Value) -> Option<Value> {
    Some(match value {
        Value::String(text) => {
            let mut pieces = text.split("\\u");
            let mut units: Vec<u16> = pieces.next()?.encode_utf16().collect();
            for piece in pieces {
                units.push(u16::from_str_radix(&piece[..4], 16).ok()?);
                units.extend(piece[4..].encode_utf16());
            }
            Value::String(String::from_utf16(&units).ok()?)
        }
        Value::Array(values) => Value::Array(values.iter().map(unescaped).collect::<Option<_>>()?),
        Value::Object(fields) => {
            let field = |(name, value): (&String, &Value)| {
                let name = unescaped(&json!(name))?;
                Some((name.as_str()?.to_owned(), unescaped(value)?))
            };
            Value::Object(fields.iter().map(field).collect::<Option<_>>()?)
        }
        other => other.clone(),
    })
}

fn content(state: &str) -> Content {
    match state {
        "Data state" => Content::Data,
        "PLAINTEXT state" => Content::Plaintext,
        "RCDATA state" => Content::Raw(RawKind::Rcdata),
        "RAWTEXT state" => Content::Raw(RawKind::Rawtext),
        "Script data state" => Content::Raw(RawKind::ScriptData),
        "CDATA section state" => Content::CdataSection,
        other => panic!("{other}"),
    }
}

/// What a suite of tests in html5lib's format found.
#[derive(Default)]
struct Tally {
    run: usize,
    /// Cases with a lone surrogate, which no text of ours can hold.
    passed_over: usize,
    wrong: Vec<String>,
}

impl Tally {
    fn suite(&mut self, text: &str) {
        let suite: Value = serde_json::from_str(text).unwrap();
        for case in suite["tests"].as_array().unwrap() {
            let (mut input, mut output) = (case["input"].clone(), case["output"].clone());
            if case["doubleEscaped"] == json!(true) {
                let (Some(plain_input), Some(plain_output)) = (unescaped(&input), unescaped(&output)) else {
                    self.passed_over += 1;
                    continue;
                };
                (input, output) = (plain_input, plain_output);
            }
            let last_start_tag = case["lastStartTag"].as_str().unwrap_or_default();
            let states = case["initialStates"].as_array().cloned().unwrap_or(vec![json!("Data state")]);
            for state in states {
                self.case(input.as_str().unwrap(), state.as_str().unwrap(), last_start_tag, output.as_array().unwrap());
            }
        }
    }

    fn case(&mut self, input: &str, state: &str, last_start_tag: &str, expected: &[Value]) {
        self.run += 1;
        for piece in [usize::MAX, 1] {
            let read = tokens(input, content(state), last_start_tag, piece);
            if read != *expected {
                self.wrong.push(format!("{state} {input:?}\n  {read:?}\n  {expected:?}"));
            }
        }
    }

    fn assert_right(&self) {
        let some = &self.wrong[..self.wrong.len().min(20)];
        assert!(some.is_empty(), "{} of {}, such as {}", self.wrong.len(), self.run, some.join("\n"));
    }
}

#[test]
fn tokens_are_those_of_the_standard() {
    let mut tally = Tally::default();
    tally.suite(include_str!("../../tests/tokens.json"));
    assert!(tally.run > 100 && tally.passed_over == 0, "{} cases", tally.run);
    tally.assert_right();
}

#[test]
fn tokens_are_those_of_html5lib() {
    let Some(data) = obelisc_testkit::data_folder() else { return };
    let (mut files, mut tally) = (0, Tally::default());
    for file in std::fs::read_dir(data.join("html5lib-tests/tokenizer")).unwrap().map(|file| file.unwrap().path()) {
        // The tests of xmlViolation.test are of another tokenizer: they ask for what XML cannot hold to be replaced.
        if file.extension().is_some_and(|extension| extension == "test") && !file.ends_with("xmlViolation.test") {
            files += 1;
            tally.suite(&std::fs::read_to_string(&file).unwrap());
        }
    }
    let Tally { run, passed_over, .. } = tally;
    assert!(files >= 13 && run > 7_000 && passed_over <= 4, "{files} files, {run} cases, {passed_over} passed over");
    tally.assert_right();
}
