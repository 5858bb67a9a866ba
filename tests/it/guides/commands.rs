//! The commands of `saima` that a shell block or a unit file names, with their flags.

use crate::service::program;

/// Returns each subcommand with its long flags, in the order of the text.
pub(super) fn of(text: &str) -> Vec<(String, Vec<String>)> {
    let joined = text.replace("\\\n", " ");
    let lines = joined.lines().map(|line| line.split(" #").next().unwrap());
    let commands = lines.flat_map(|line| line.split([';', '|', '&', '(', ')']));
    commands.filter_map(command).collect()
}

fn command(text: &str) -> Option<(String, Vec<String>)> {
    let mut words = text.split_whitespace();
    words.find(|word| *word == "saima" || word.ends_with("/saima"))?;
    let name = words.next()?;
    if !name.bytes().all(|letter| letter.is_ascii_lowercase()) {
        return None;
    }
    let name = match words.clone().next() {
        Some(inner) if name == "config" => format!("{name} {inner}"),
        _ => name.to_owned(),
    };
    let flags = words.filter(|word| word.starts_with("--"));
    let flags = flags.map(|flag| flag.split('=').next().unwrap().to_owned());
    Some((name, flags.collect()))
}

/// Returns the long flags in the help of a subcommand, which must exist.
pub(super) fn help(command: &str) -> Vec<String> {
    let output = program()
        .args(command.split(' '))
        .arg("--help")
        .output()
        .unwrap();
    assert!(output.status.success(), "there is no saima {command}");
    let text = String::from_utf8(output.stdout).unwrap();
    let words = text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '-');
    words
        .filter(|word| word.starts_with("--"))
        .map(str::to_owned)
        .collect()
}

#[test]
fn commands_are_found_in_shell_and_units() {
    let found =
        of("A=1 saima serve --config a.toml --data=d & saima check x || true # saima no --flag\n");
    let expected = [("serve", vec!["--config", "--data"]), ("check", vec![])];
    let expected = expected.map(|(name, flags)| {
        (
            name.to_owned(),
            flags.into_iter().map(str::to_owned).collect::<Vec<_>>(),
        )
    });
    assert_eq!(found, expected);
    assert_eq!(of("ExecStart=/usr/bin/saima demo").len(), 1);
    assert_eq!(of("journalctl -u saima -f").len(), 0);
}
