//! Input that is nothing: an error in a clear sentence, and no report of a cluster in good health.

use crate::{diagnose, printed};

#[test]
fn what_is_not_known_is_an_error() {
    for (input, sentence) in [
        ("", "nothing in standard input is known"),
        ("\n\n  \n", "nothing in standard input is known"),
        ("The quick brown fox\njumps over the lazy dog.\n", "nothing in standard input is known"),
        ("{\n  \"name\": \"left-pad\",\n  \"version\": \"1.0.0\"\n}\n", "nothing in standard input is known"),
        ("key: value\nother:\n  - a\n", "nothing in standard input is known"),
        ("\u{0}\u{1}\u{2}\u{3}\u{4}\u{5}\u{6}\u{e}\u{f}\u{10}ELF", "nothing in standard input is known"),
        (
            "$ kubectl get pods -n shop\nError from server (Forbidden): pods is forbidden: User \"x\" cannot list resource \"pods\" in API group \"\" in the namespace \"shop\"\n",
            "it needs list on pods",
        ),
        (
            "$ kubectl get pods\nThe connection to the server a:6443 was refused - did you specify the right host or port?\n",
            "shows nothing of a cluster",
        ),
        ("$ kubectl auth can-i list nodes\nno\n", "it needs list on nodes"),
    ] {
        for output in [&["-o", "text"][..], &["-o", "json"], &["--fail-on", "info", "--strict"]] {
            let run = diagnose(input.as_bytes(), output);
            assert_eq!(run.status.code(), Some(1), "{input:?}: {}", printed(&run));
            assert!(run.stdout.is_empty(), "{input:?}");
            assert!(printed(&run).contains(sentence), "{input:?}: {}", printed(&run));
        }
    }
}

#[test]
fn a_cluster_in_good_health_is_no_error() {
    let pods = "$ kubectl get pods -n shop\nNAME   READY   STATUS    RESTARTS   AGE\nweb    1/1     Running   0          12m\n";
    for input in [pods, "$ kubectl get pods -n shop\nNo resources found in shop namespace.\n"] {
        let run = diagnose(input.as_bytes(), &[]);
        assert_eq!(run.status.code(), Some(0), "{}", printed(&run));
        assert!(printed(&run).to_lowercase().contains("no incident"), "{}", printed(&run));
    }
}
