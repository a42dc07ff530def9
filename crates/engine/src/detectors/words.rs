//! Small wordings that several detectors share.

/// `3 nodes`, `1 node`, or `nodes` where nobody counted.
pub(super) fn count_of(count: Option<u32>, noun: &str) -> String {
    match count {
        Some(1) => format!("1 {noun}"),
        Some(count) => format!("{count} {noun}s"),
        None => format!("{noun}s"),
    }
}

/// `1 pod waits`, `31 pods wait`.
pub(super) fn wait(pods: usize) -> String {
    if pods == 1 { "1 pod waits".to_owned() } else { format!("{pods} pods wait") }
}

/// ` (31 times)` behind what was said more than once.
pub(super) fn times(count: u64) -> String {
    if count > 1 { format!(" ({count} times)") } else { String::new() }
}

/// With a capital at its start.
pub(super) fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// What all of them have, if all have one and the same.
pub(super) fn together<'t>(mut all: impl Iterator<Item = Option<&'t str>>) -> Option<&'t str> {
    let first = all.next()??;
    all.all(|one| one == Some(first)).then_some(first)
}

/// An amount in thousandths, as people write it: cores with `m`, everything else in binary units.
pub(super) fn cores_or_bytes(resource: &str, milli: i64) -> String {
    if resource.ends_with("cpu") {
        return if milli % 1000 == 0 { format!("{}", milli / 1000) } else { format!("{milli}m") };
    }
    let whole = milli / 1000;
    if resource.ends_with("memory") || resource.contains("storage") {
        for (unit, size) in [("Gi", 1_i64 << 30), ("Mi", 1 << 20), ("Ki", 1 << 10)] {
            if whole >= size * 10 || (whole >= size && whole % size == 0) {
                return format!("{}{unit}", whole / size);
            }
        }
    }
    whole.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_read_as_people_write_them() {
        assert_eq!(cores_or_bytes("cpu", 250), "250m");
        assert_eq!(cores_or_bytes("cpu", 12_000), "12");
        assert_eq!(cores_or_bytes("memory", 67_108_864_000), "64Mi");
        assert_eq!(cores_or_bytes("pods", 3_000), "3");
    }
}
