//! The compressed values of a journal file: as much of each as is looked at.

use super::file::Packed;
use std::io::Read;
use zstd::stream::raw::{DParameter, Decoder, Operation};

/// How much history zstd may keep, as a power of two: journald packs with at most 2 MiB.
const WINDOW: u32 = 23;

/// The same for XZ, in bytes: what is looked at reaches no further back.
const DICTIONARY: u32 = 1 << 20;

/// Unpacks values.
#[derive(Default)]
pub(super) struct Unpacker {
    zstd: Option<Decoder<'static>>,
    room: Vec<u8>,
}

impl Unpacker {
    /// The beginning of what was packed, at most so many bytes; none where it cannot be had.
    pub(super) fn unpack(&mut self, bytes: &[u8], packed: Packed, most: usize) -> Option<Vec<u8>> {
        self.room.resize(most, 0);
        let written = match packed {
            Packed::Not => return Some(bytes.get(..most).unwrap_or(bytes).to_vec()),
            Packed::Lz4 => return lz4(bytes.get(8..)?, most),
            Packed::Xz => {
                let mut reader = lzma_rust2::Lzma2Reader::new(xz(bytes)?, DICTIONARY, None);
                let mut written = 0;
                loop {
                    let read = reader.read(self.room.get_mut(written..)?).ok()?;
                    written += read;
                    if read == 0 {
                        break written;
                    }
                }
            }
            Packed::Zstd => self.zstd(bytes)?,
        };
        Some(self.room.get(..written)?.to_vec())
    }

    fn zstd(&mut self, bytes: &[u8]) -> Option<usize> {
        if self.zstd.is_none() {
            let mut decoder = Decoder::new().ok()?;
            decoder.set_parameter(DParameter::WindowLogMax(WINDOW)).ok()?;
            self.zstd = Some(decoder);
        }
        let decoder = self.zstd.as_mut()?;
        decoder.reinit().ok()?;
        let (mut read, mut written) = (0, 0);
        loop {
            let status = decoder.run_on_buffers(bytes.get(read..)?, self.room.get_mut(written..)?).ok()?;
            read += status.bytes_read;
            written += status.bytes_written;
            if status.remaining == 0 || written == self.room.len() {
                return Some(written);
            }
            // What ends in the middle is cut off.
            (status.bytes_read + status.bytes_written > 0).then_some(())?;
        }
    }
}

/// The LZMA2 stream in a file of XZ, as journald writes it: one stream of one block without filters before it
/// (tukaani.org/xz/xz-file-format.txt).
fn xz(bytes: &[u8]) -> Option<&[u8]> {
    let block = bytes.strip_prefix(b"\xfd7zXZ\0")?.get(6..)?;
    let [size, flags] = *block.first_chunk()?;
    let header = block.get(..(usize::from(size) + 1) * 4).filter(|_| size != 0)?;
    let mut rest = header.get(2..)?;
    // The sizes before and after, where they are told.
    for told in [0x40, 0x80] {
        if flags & told != 0 {
            let end = rest.iter().position(|byte| byte & 0x80 == 0)?;
            rest = rest.get(end + 1..)?;
        }
    }
    let is_plain = flags & 0x3f == 0 && rest.starts_with(&[0x21, 1]);
    block.get(header.len()..).filter(|_| is_plain)
}

/// A block of LZ4 (github.com/lz4/lz4, doc/lz4_Block_format.md).
fn lz4(block: &[u8], most: usize) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let mut input = block;
    loop {
        let token = byte(&mut input)?;
        let literals = length(token >> 4, &mut input)?;
        let (literals, rest) = input.split_at_checked(literals)?;
        input = rest;
        out.extend_from_slice(literals.get(..most - out.len()).unwrap_or(literals));
        if input.is_empty() || out.len() >= most {
            return Some(out);
        }
        let back = usize::from(byte(&mut input)?) | usize::from(byte(&mut input)?) << 8;
        let mut left = (length(token & 15, &mut input)? + 4).min(most - out.len());
        let start = out.len().checked_sub(back).filter(|_| back > 0)?;
        while left > 0 {
            // What is copied may reach into what it makes.
            let run = left.min(out.len() - start);
            out.extend_from_within(start..start + run);
            left -= run;
        }
    }
}

/// A length of which the first four bits are known.
fn length(first: u8, input: &mut &[u8]) -> Option<usize> {
    let mut length = usize::from(first);
    let mut last = if first == 15 { 255 } else { 0 };
    while last == 255 {
        last = byte(input)?;
        length += usize::from(last);
    }
    Some(length)
}

fn byte(input: &mut &[u8]) -> Option<u8> {
    let (first, rest) = input.split_first()?;
    *input = rest;
    Some(*first)
}
