//! White space that makes a write unlike any other.

/// The JSON text with `nonce` written as 32 blanks and tabs behind its end. An earlier nonce is taken off; the newline at
/// the end, if there is one, stays.
pub fn with_nonce(text: &str, nonce: u32) -> String {
    let body = text.trim_end_matches([' ', '\t']);
    let bits = (0..32).rev().map(|bit| if nonce >> bit & 1 == 1 { '\t' } else { ' ' });
    body.chars().chain(bits).collect()
}

#[cfg(test)]
mod tests {
    use super::with_nonce;

    #[test]
    fn two_nonces_differ_and_do_not_add_up() {
        for text in ["{}\n", "{}", "{}\r\n"] {
            let one = with_nonce(text, 1);
            assert_ne!(one, with_nonce(text, 2));
            assert_eq!(with_nonce(&one, 7), with_nonce(text, 7));
            assert_eq!(one.len(), text.len() + 32);
            assert!(one.starts_with(text));
        }
    }
}
