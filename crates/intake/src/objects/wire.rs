//! Lenient reading of wire fields: a field of the wrong type, or given twice, is unknown and a fault; the rest of the
//! object stays.

use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::borrow::Cow;
use std::cell::RefCell;
use std::fmt;
use std::marker::PhantomData;

/// Text as it stands in the input, where it has no escapes.
pub(super) type Str<'a> = Cow<'a, str>;

/// Entries in the order of the input.
pub(super) type Map<'a, T> = Vec<(Str<'a>, T)>;

/// Faults of one object that are told apart; the rest is counted as one.
const MOST_FAULTS: usize = 16;

/// What holds for one object while it is read.
#[derive(Default)]
pub(super) struct Notes {
    /// Paths of fields that cannot be used, and why.
    faults: RefCell<Vec<String>>,
    /// Whether to pass over `managedFields`.
    brief: bool,
}

impl Notes {
    pub(super) fn new(brief: bool) -> Self {
        Notes { faults: RefCell::default(), brief }
    }

    pub(super) fn is_brief(&self) -> bool {
        self.brief
    }

    /// Whether there was no fault so far.
    pub(super) fn is_empty(&self) -> bool {
        self.faults.borrow().is_empty()
    }

    /// The faults so far.
    pub(super) fn take(&self) -> Vec<String> {
        self.faults.take()
    }
}

/// Where the reader stands inside an object.
pub(super) struct At<'p> {
    above: Option<&'p At<'p>>,
    step: Step<'p>,
    pub(super) notes: &'p Notes,
}

#[derive(Clone, Copy)]
enum Step<'p> {
    Root,
    Field(&'p str),
    Item(usize),
}

impl<'p> At<'p> {
    pub(super) fn root(notes: &'p Notes) -> Self {
        At { above: None, step: Step::Root, notes }
    }

    pub(super) fn field<'q>(&'q self, name: &'q str) -> At<'q> {
        At { above: Some(self), step: Step::Field(name), notes: self.notes }
    }

    fn item(&self, index: usize) -> At<'_> {
        At { above: Some(self), step: Step::Item(index), notes: self.notes }
    }

    fn write_path(&self, out: &mut String) {
        if let Some(above) = self.above {
            above.write_path(out);
        }
        match self.step {
            Step::Root => {}
            Step::Field(name) => {
                if !out.is_empty() {
                    out.push('.');
                }
                out.push_str(crate::clip(name, 64));
            }
            Step::Item(index) => out.push_str(&format!("[{index}]")),
        }
    }

    /// Notes that what stands here cannot be used.
    pub(super) fn fault(&self, what: &str) {
        let mut faults = self.notes.faults.borrow_mut();
        match faults.len() {
            MOST_FAULTS.. => {}
            len => {
                let mut text = String::new();
                self.write_path(&mut text);
                text.push_str(": ");
                text.push_str(if len + 1 == MOST_FAULTS { "and more" } else { what });
                faults.push(text);
            }
        }
    }
}

/// A type that reads itself leniently. `None` is null, or a fault that was noted.
pub(super) trait Wire<'de>: Sized {
    fn wire<D: Deserializer<'de>>(from: D, at: &At<'_>) -> Result<Option<Self>, D::Error>;
}

/// Carries the place through serde.
pub(super) struct Seed<'p, T>(pub(super) &'p At<'p>, pub(super) PhantomData<T>);

impl<'de, T: Wire<'de>> serde::de::DeserializeSeed<'de> for Seed<'_, T> {
    type Value = Option<T>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Option<T>, D::Error> {
        T::wire(from, self.0)
    }
}

/// A key of a mapping, turned into what `pick` makes of it.
pub(super) struct Key<F>(pub(super) F);

impl<'de, F: FnOnce(&str) -> T, T> serde::de::DeserializeSeed<'de> for Key<F> {
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<T, D::Error> {
        from.deserialize_str(self)
    }
}

impl<'de, F: FnOnce(&str) -> T, T> Visitor<'de> for Key<F> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<T, E> {
        Ok((self.0)(key))
    }
}

/// The visits that do not fit: each notes a fault and passes over the value.
macro_rules! unfit {
    ($($visit:ident)*) => { $($crate::objects::wire::unfit! { @ $visit })* };
    (@ null) => {
        fn visit_unit<E: serde::de::Error>(self) -> Result<Self::Value, E> { Ok(None) }
        fn visit_none<E: serde::de::Error>(self) -> Result<Self::Value, E> { Ok(None) }
    };
    (@ bool) => {
        fn visit_bool<E: serde::de::Error>(self, _: bool) -> Result<Self::Value, E> {
            self.0.fault(self.wrong());
            Ok(None)
        }
    };
    (@ number) => {
        fn visit_i64<E: serde::de::Error>(self, _: i64) -> Result<Self::Value, E> {
            self.0.fault(self.wrong());
            Ok(None)
        }
        fn visit_u64<E: serde::de::Error>(self, _: u64) -> Result<Self::Value, E> {
            self.0.fault(self.wrong());
            Ok(None)
        }
        fn visit_f64<E: serde::de::Error>(self, _: f64) -> Result<Self::Value, E> {
            self.0.fault(self.wrong());
            Ok(None)
        }
    };
    (@ text) => {
        fn visit_str<E: serde::de::Error>(self, _: &str) -> Result<Self::Value, E> {
            self.0.fault(self.wrong());
            Ok(None)
        }
    };
    (@ seq) => {
        fn visit_seq<A: serde::de::SeqAccess<'de>>(self, items: A) -> Result<Self::Value, A::Error> {
            self.0.fault(self.wrong());
            $crate::objects::wire::pass_seq(items)?;
            Ok(None)
        }
    };
    (@ map) => {
        fn visit_map<A: serde::de::MapAccess<'de>>(self, entries: A) -> Result<Self::Value, A::Error> {
            self.0.fault(self.wrong());
            $crate::objects::wire::pass_map(entries)?;
            Ok(None)
        }
    };
}
pub(super) use unfit;

pub(super) fn pass_seq<'de, A: SeqAccess<'de>>(mut items: A) -> Result<(), A::Error> {
    while items.next_element::<IgnoredAny>()?.is_some() {}
    Ok(())
}

pub(super) fn pass_map<'de, A: MapAccess<'de>>(mut entries: A) -> Result<(), A::Error> {
    while entries.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
    Ok(())
}

/// A visitor for one type, with the place it stands at.
struct Fit<'p, T>(&'p At<'p>, PhantomData<T>);

macro_rules! fit {
    ($type:ty, $wrong:literal, { $($body:tt)* }) => {
        #[allow(clippy::extra_unused_lifetimes)]
        impl<'de> Fit<'_, $type> {
            fn wrong(&self) -> &'static str {
                $wrong
            }
        }

        fit!($type, { $($body)* });
    };
    ($type:ty, { $($body:tt)* }) => {
        impl<'de> Wire<'de> for $type {
            fn wire<D: Deserializer<'de>>(from: D, at: &At<'_>) -> Result<Option<Self>, D::Error> {
                from.deserialize_any(Fit::<$type>(at, PhantomData))
            }
        }

        impl<'de> Visitor<'de> for Fit<'_, $type> {
            type Value = Option<$type>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value of another type")
            }

            $($body)*
        }
    };
}

fit!(Str<'de>, "not a text", {
    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Some(Cow::Borrowed(text)))
    }
    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Some(Cow::Owned(text.to_owned())))
    }
    fn visit_string<E: Error>(self, text: String) -> Result<Self::Value, E> {
        Ok(Some(Cow::Owned(text)))
    }
    unfit! { null bool number seq map }
});

fit!(bool, "not true or false", {
    fn visit_bool<E: Error>(self, it: bool) -> Result<Self::Value, E> {
        Ok(Some(it))
    }
    unfit! { null number text seq map }
});

fit!(i64, "not a whole number", {
    fn visit_i64<E: Error>(self, it: i64) -> Result<Self::Value, E> {
        Ok(Some(it))
    }
    fn visit_u64<E: Error>(self, it: u64) -> Result<Self::Value, E> {
        Ok(Some(i64::try_from(it).unwrap_or(i64::MAX)))
    }
    fn visit_f64<E: Error>(self, it: f64) -> Result<Self::Value, E> {
        // Tools that pass objects through floating point write 3600 as 3.6e3.
        if it.fract() == 0.0 && it.abs() < 9e15 {
            return Ok(Some(it as i64));
        }
        self.0.fault(self.wrong());
        Ok(None)
    }
    unfit! { null bool text seq map }
});

/// A number or a text: quantities, ports, percentages.
#[derive(Clone, Debug)]
pub(super) struct Scalar<'a>(pub(super) Str<'a>);

fit!(Scalar<'de>, "not a text or number", {
    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Some(Scalar(Cow::Borrowed(text))))
    }
    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Some(Scalar(Cow::Owned(text.to_owned()))))
    }
    fn visit_i64<E: Error>(self, it: i64) -> Result<Self::Value, E> {
        Ok(Some(Scalar(Cow::Owned(it.to_string()))))
    }
    fn visit_u64<E: Error>(self, it: u64) -> Result<Self::Value, E> {
        Ok(Some(Scalar(Cow::Owned(it.to_string()))))
    }
    fn visit_f64<E: Error>(self, it: f64) -> Result<Self::Value, E> {
        Ok(Some(Scalar(Cow::Owned(it.to_string()))))
    }
    unfit! { null bool seq map }
});

/// Something stands here that is not null; it was passed over.
#[derive(Clone, Copy, Debug)]
pub(super) struct Present;

// Everything fits.
fit!(Present, {
    fn visit_bool<E: Error>(self, _: bool) -> Result<Self::Value, E> {
        Ok(Some(Present))
    }
    fn visit_i64<E: Error>(self, _: i64) -> Result<Self::Value, E> {
        Ok(Some(Present))
    }
    fn visit_u64<E: Error>(self, _: u64) -> Result<Self::Value, E> {
        Ok(Some(Present))
    }
    fn visit_f64<E: Error>(self, _: f64) -> Result<Self::Value, E> {
        Ok(Some(Present))
    }
    fn visit_str<E: Error>(self, _: &str) -> Result<Self::Value, E> {
        Ok(Some(Present))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<Self::Value, A::Error> {
        pass_seq(items)?;
        Ok(Some(Present))
    }
    fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<Self::Value, A::Error> {
        pass_map(entries)?;
        Ok(Some(Present))
    }
    unfit! { null }
});

/// A mapping of which the keys alone are read: no value ever leaves the parser.
#[derive(Clone, Debug, Default)]
pub(super) struct Keys<'a>(pub(super) Vec<String>, PhantomData<&'a ()>);

fit!(Keys<'de>, "not a mapping", {
    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
        let mut keys = Vec::new();
        while let Some(key) = entries.next_key_seed(Key(str::to_owned))? {
            entries.next_value::<IgnoredAny>()?;
            keys.push(key);
        }
        Ok(Some(Keys(keys, PhantomData)))
    }
    unfit! { null bool number text seq }
});

impl<'de, T: Wire<'de>> Wire<'de> for Vec<T> {
    fn wire<D: Deserializer<'de>>(from: D, at: &At<'_>) -> Result<Option<Self>, D::Error> {
        struct Items<'p, T>(&'p At<'p>, PhantomData<T>);
        impl<T> Items<'_, T> {
            fn wrong(&self) -> &'static str {
                "not a list"
            }
        }
        impl<'de, T: Wire<'de>> Visitor<'de> for Items<'_, T> {
            type Value = Option<Vec<T>>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
                let mut all = Vec::new();
                let mut index = 0;
                while let Some(item) = items.next_element_seed(Seed(&self.0.item(index), PhantomData))? {
                    all.extend(item);
                    index += 1;
                }
                Ok(Some(all))
            }
            unfit! { null bool number text map }
        }
        from.deserialize_any(Items(at, PhantomData))
    }
}

impl<'de, T: Wire<'de>> Wire<'de> for Map<'de, T> {
    fn wire<D: Deserializer<'de>>(from: D, at: &At<'_>) -> Result<Option<Self>, D::Error> {
        struct Entries<'p, T>(&'p At<'p>, PhantomData<T>);
        impl<T> Entries<'_, T> {
            fn wrong(&self) -> &'static str {
                "not a mapping"
            }
        }
        impl<'de, T: Wire<'de>> Visitor<'de> for Entries<'_, T> {
            type Value = Option<Map<'de, T>>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a mapping")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
                let mut all: Map<'de, T> = Vec::new();
                let root = At::root(self.0.notes);
                while let Some(Some(key)) = entries.next_key_seed(Seed::<Str<'de>>(&root, PhantomData))? {
                    let value = entries.next_value_seed(Seed(&self.0.field(&key), PhantomData))?;
                    all.extend(value.map(|value| (key, value)));
                }
                drop_twins(&mut all, self.0);
                Ok(Some(all))
            }
            unfit! { null bool number text seq }
        }
        from.deserialize_any(Entries(at, PhantomData))
    }
}

/// Entries under one key contradict each other: none is kept.
fn drop_twins<T>(all: &mut Map<'_, T>, at: &At<'_>) {
    let mut keys: Vec<&str> = all.iter().map(|(key, _)| &**key).collect();
    keys.sort_unstable();
    let mut twins: Vec<String> =
        keys.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| pair[0].to_owned()).collect();
    if twins.is_empty() {
        return;
    }
    twins.dedup();
    twins.iter().for_each(|key| at.field(key).fault("given twice"));
    all.retain(|(key, _)| twins.binary_search_by(|twin| twin.as_str().cmp(key)).is_err());
}

/// Declares the part of a wire object that is read. Every field is optional; other fields are passed over.
macro_rules! wire {
    ($($(#[$doc:meta])* struct $name:ident { $($field:ident: $type:ty = $key:literal),* $(,)? })*) => { $(
        $(#[$doc])*
        #[derive(Clone, Debug, Default)]
        pub(super) struct $name<'a> {
            $(pub(super) $field: Option<$type>,)*
            borrows: std::marker::PhantomData<&'a ()>,
        }

        impl<'a> $crate::objects::wire::Wire<'a> for $name<'a> {
            fn wire<D: serde::Deserializer<'a>>(
                from: D,
                at: &$crate::objects::wire::At<'_>,
            ) -> Result<Option<Self>, D::Error> {
                use $crate::objects::wire::{Key, At, Seed, unfit};
                use std::marker::PhantomData;

                #[allow(non_camel_case_types)]
                #[derive(Clone, Copy)]
                enum Field { $($field,)* Other }

                struct Fields<'p>(&'p At<'p>);
                impl Fields<'_> {
                    fn wrong(&self) -> &'static str { "not a mapping" }
                }
                impl<'de> serde::de::Visitor<'de> for Fields<'_> {
                    type Value = Option<$name<'de>>;

                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str("a mapping")
                    }

                    fn visit_map<A: serde::de::MapAccess<'de>>(
                        self,
                        mut entries: A,
                    ) -> Result<Self::Value, A::Error> {
                        let mut all = $name::default();
                        let mut seen = [false; Field::Other as usize];
                        let pick = |key: &str| match key { $($key => Field::$field,)* _ => Field::Other };
                        while let Some(field) = entries.next_key_seed(Key(pick))? {
                            match field {
                                $(Field::$field => {
                                    let at = self.0.field($key);
                                    if std::mem::replace(&mut seen[Field::$field as usize], true) {
                                        at.fault("given twice");
                                        entries.next_value::<serde::de::IgnoredAny>()?;
                                        all.$field = None;
                                    } else {
                                        all.$field = entries.next_value_seed(Seed(&at, PhantomData))?;
                                    }
                                })*
                                Field::Other => {
                                    entries.next_value::<serde::de::IgnoredAny>()?;
                                }
                            }
                        }
                        Ok(Some(all))
                    }
                    unfit! { null bool number text seq }
                }
                from.deserialize_any(Fields(at))
            }
        }
    )* };
}
pub(super) use wire;

/// A whole number, or the length of a list.
pub(super) fn number_or_length<'de, D: Deserializer<'de>>(
    from: D,
    at: &At<'_>,
) -> Result<Option<i64>, D::Error> {
    struct Either<'p>(&'p At<'p>);
    impl Either<'_> {
        fn wrong(&self) -> &'static str {
            "neither a number nor a list"
        }
    }
    impl<'de> Visitor<'de> for Either<'_> {
        type Value = Option<i64>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a number or a list")
        }
        fn visit_i64<E: Error>(self, it: i64) -> Result<Self::Value, E> {
            Ok(Some(it))
        }
        fn visit_u64<E: Error>(self, it: u64) -> Result<Self::Value, E> {
            Ok(i64::try_from(it).ok())
        }
        fn visit_f64<E: Error>(self, _: f64) -> Result<Self::Value, E> {
            self.0.fault(self.wrong());
            Ok(None)
        }
        fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
            let mut length = 0;
            while items.next_element::<IgnoredAny>()?.is_some() {
                length += 1;
            }
            Ok(Some(length))
        }
        unfit! { null bool text map }
    }
    from.deserialize_any(Either(at))
}

/// Reads one value of JSON.
pub(super) fn from_json<'a, T: Wire<'a>>(text: &'a str, notes: &Notes) -> Result<Option<T>, String> {
    let mut from = serde_json::Deserializer::from_str(text);
    let value = T::wire(&mut from, &At::root(notes)).map_err(|error| error.to_string())?;
    from.end().map_err(|error| error.to_string())?;
    Ok(value)
}
