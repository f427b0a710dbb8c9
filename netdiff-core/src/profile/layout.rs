//! JSON that reads well in a diff: one fact a line.

use serde_json::Value;

/// What fits into a line of this many characters stands on one.
const LINE: usize = 240;

/// Pretty-printed JSON with a final newline: lists and objects that fit into a line stand on one, others one entry a line.
pub(super) fn lay_out(value: &Value) -> String {
    let mut out = String::new();
    write(value, 0, &mut out);
    out.push('\n');
    out
}

fn write(value: &Value, depth: usize, out: &mut String) {
    let line = value.to_string();
    let entries: Vec<(Option<&String>, &Value)> = match value {
        Value::Array(list) if line.len() > LINE => list.iter().map(|v| (None, v)).collect(),
        Value::Object(map) if line.len() > LINE || depth == 0 => {
            map.iter().map(|(k, v)| (Some(k), v)).collect()
        }
        _ => {
            out.push_str(&line);
            return;
        }
    };
    let (open, close) = if value.is_array() {
        ('[', ']')
    } else {
        ('{', '}')
    };
    out.push(open);
    for (index, (key, entry)) in entries.into_iter().enumerate() {
        out.push_str(if index == 0 { "\n" } else { ",\n" });
        out.push_str(&" ".repeat(depth + 1));
        if let Some(key) = key {
            out.push_str(&Value::String(key.clone()).to_string());
            out.push_str(": ");
        }
        write(entry, depth + 1, out);
    }
    out.push('\n');
    out.push_str(&" ".repeat(depth));
    out.push(close);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_values_stand_on_a_line_and_the_text_reads_back() {
        let long: Vec<u64> = (0..200).collect();
        let value = serde_json::json!({"b": [1, 2], "a": {"x": "\u{1b}[0m"}, "long": long});
        let text = lay_out(&value);
        assert!(text.starts_with(
            "{\n \"a\": {\"x\":\"\\u001b[0m\"},\n \"b\": [1,2],\n \"long\": [\n  0,\n"
        ));
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
    }
}
