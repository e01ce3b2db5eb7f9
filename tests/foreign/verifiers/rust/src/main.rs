//! Puts the exam (standard input) to Rust's JWT libraries; prints one line of JSON per refusal.

mod libraries;

use serde::Deserialize;
use serde_json::json;

/// One bad token, as the exam has it.
#[derive(Deserialize)]
pub struct Question {
    pub name: String,
    pub about: String,
    pub token: String,
    pub leeway_s: u64,
}

/// The exam.
#[derive(Deserialize)]
pub struct Paper {
    pub issuer: String,
    pub audience: String,
    pub pem: String,
    pub jwks: serde_json::Value,
    pub situations: Vec<Question>,
}

/// Verifies one token; the texts are what an error shows to people, and to programmers where that differs.
pub type Judge = fn(&Paper, &Question) -> Result<(), Vec<String>>;

fn main() {
    let paper: Paper = serde_json::from_reader(std::io::stdin()).expect("the exam is JSON");
    for (library, judge) in libraries::ALL {
        for question in paper
            .situations
            .iter()
            .filter(|question| question.about == "token")
        {
            for text in judge(&paper, question).err().unwrap_or_default() {
                let line = json!({
                    "library": library, "version": version(library), "situation": question.name, "text": text,
                });
                println!("{line}");
            }
        }
    }
}

/// Return the version that the lock file names.
fn version(library: &str) -> String {
    let lock: toml::Table = include_str!("../Cargo.lock")
        .parse()
        .expect("the lock file is TOML");
    let packages = lock["package"].as_array().expect("it lists packages");
    let found = packages
        .iter()
        .find(|package| package["name"].as_str() == Some(library));
    found
        .and_then(|package| package["version"].as_str())
        .unwrap_or_default()
        .to_owned()
}
