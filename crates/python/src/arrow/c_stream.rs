//! Arrow's C stream interface, the half that gives.
//!
//! Why this is here, and has `unsafe` code: libraries of other languages take Arrow's buffers by pointer, by a contract of
//! three C structs, and the interpreter hands those structs over in capsules.  The crate `arrow-array` has the same behind a
//! feature that nothing else here wants, and with which DataFusion and all else above it is compiled anew; of both halves of
//! the interface, and of Arrow's forty types, our tables need one half and these few types.  See
//! <https://arrow.apache.org/docs/format/CDataInterface.html> and `CStreamInterface.html` there.
//!
//! What holds: a struct owns what it points to through `private_data`, a box that its `release` frees, once; who takes a
//! struct over marks the one it took it from as released, so that `Drop` here frees only what nobody took.  Buffers are held by
//! their counted owners for as long as a struct points into them, and are never written to again.
#![allow(unsafe_code, reason = "the contract is one of pointers")]

use std::ffi::{CString, c_char, c_int, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;

use arrow_array::{Array, RecordBatch, StructArray};
use arrow_buffer::{BooleanBuffer, Buffer};
use arrow_data::ArrayData;
use arrow_schema::{DataType, Field, SchemaRef};

/// Batches as they come, or why none come any more.
pub(crate) type Batches = Box<dyn Iterator<Item = Result<RecordBatch, String>> + Send>;

/// Flag of a field that may be null.
const NULLABLE: i64 = 2;
/// The system's number for an error of reading.
const EIO: c_int = 5;

/// `struct ArrowSchema`.
#[repr(C)]
pub(crate) struct ArrowSchema {
    format: *const c_char,
    name: *const c_char,
    metadata: *const c_char,
    flags: i64,
    n_children: i64,
    children: *mut *mut ArrowSchema,
    dictionary: *mut ArrowSchema,
    release: Option<unsafe extern "C" fn(*mut ArrowSchema)>,
    private_data: *mut c_void,
}

// SAFETY: it owns all that it points to, none of which is tied to a thread.
unsafe impl Send for ArrowSchema {}

/// What a schema points to.
struct SchemaParts {
    format: CString,
    name: CString,
    metadata: Option<Vec<u8>>,
    children: Box<[*mut ArrowSchema]>,
}

/// The format string of a type that our tables have.
fn format(data_type: &DataType) -> Result<String, String> {
    Ok(match data_type {
        DataType::Boolean => "b".to_owned(),
        DataType::Int32 => "i".to_owned(),
        DataType::UInt32 => "I".to_owned(),
        DataType::Int64 => "l".to_owned(),
        DataType::UInt64 => "L".to_owned(),
        DataType::Float32 => "f".to_owned(),
        DataType::Float64 => "g".to_owned(),
        DataType::Binary => "z".to_owned(),
        DataType::LargeBinary => "Z".to_owned(),
        DataType::Utf8 => "u".to_owned(),
        DataType::LargeUtf8 => "U".to_owned(),
        DataType::FixedSizeBinary(bytes) => format!("w:{bytes}"),
        DataType::List(_) => "+l".to_owned(),
        DataType::LargeList(_) => "+L".to_owned(),
        DataType::Struct(_) => "+s".to_owned(),
        other => return Err(format!("no table of obelisc has columns of type {other}")),
    })
}

fn c_string(text: &str) -> Result<CString, String> {
    CString::new(text).map_err(|_| format!("a name holds a zero byte: {text:?}"))
}

/// Keys and values, each behind its length.
fn encoded<'a>(metadata: impl ExactSizeIterator<Item = (&'a String, &'a String)>) -> Result<Option<Vec<u8>>, String> {
    let count = metadata.len();
    if count == 0 {
        return Ok(None);
    }
    let length = |length: usize| i32::try_from(length).map(i32::to_ne_bytes).map_err(|error| error.to_string());
    let mut sorted: Vec<_> = metadata.collect();
    sorted.sort();
    let mut bytes = length(count)?.to_vec();
    for text in sorted.into_iter().flat_map(|(key, value)| [key, value]) {
        bytes.extend(length(text.len())?);
        bytes.extend(text.as_bytes());
    }
    Ok(Some(bytes))
}

impl ArrowSchema {
    /// The schema of a stream: a struct of its columns.
    pub(crate) fn of(schema: &SchemaRef) -> Result<Self, String> {
        let columns = DataType::Struct(schema.fields().clone());
        Self::new(&columns, "", 0, encoded(schema.metadata().iter())?)
    }

    fn of_field(field: &Field) -> Result<Self, String> {
        let flags = if field.is_nullable() { NULLABLE } else { 0 };
        Self::new(field.data_type(), field.name(), flags, encoded(field.metadata().iter())?)
    }

    fn new(data_type: &DataType, name: &str, flags: i64, metadata: Option<Vec<u8>>) -> Result<Self, String> {
        let children = match data_type {
            DataType::Struct(fields) => {
                fields.iter().map(|field| Self::of_field(field)).collect::<Result<Vec<_>, _>>()?
            }
            DataType::List(item) | DataType::LargeList(item) => vec![Self::of_field(item)?],
            _ => Vec::new(),
        };
        let (format, name) = (c_string(&format(data_type)?)?, c_string(name)?);
        let children = children.into_iter().map(|child| Box::into_raw(Box::new(child))).collect();
        let mut parts = Box::new(SchemaParts { format, name, metadata, children });
        Ok(Self {
            format: parts.format.as_ptr(),
            name: parts.name.as_ptr(),
            metadata: parts.metadata.as_ref().map_or(ptr::null(), |metadata| metadata.as_ptr().cast()),
            flags,
            n_children: parts.children.len() as i64,
            children: parts.children.as_mut_ptr(),
            dictionary: ptr::null_mut(),
            release: Some(release_schema),
            private_data: Box::into_raw(parts).cast(),
        })
    }
}

/// Frees what a schema points to.
unsafe extern "C" fn release_schema(schema: *mut ArrowSchema) {
    // SAFETY: the contract calls this with a struct that was not released, whose `private_data` is the box that `new` made;
    // of the children those are freed that nobody took over, by their own `Drop`.
    unsafe {
        let schema = &mut *schema;
        schema.release = None;
        let parts = Box::from_raw(schema.private_data.cast::<SchemaParts>());
        for &child in &parts.children {
            drop(Box::from_raw(child));
        }
    }
}

impl Drop for ArrowSchema {
    fn drop(&mut self) {
        if let Some(release) = self.release {
            // SAFETY: it was not released.
            unsafe { release(self) };
        }
    }
}

/// `struct ArrowArray`.
#[repr(C)]
pub(crate) struct ArrowArray {
    length: i64,
    null_count: i64,
    offset: i64,
    n_buffers: i64,
    n_children: i64,
    buffers: *mut *const c_void,
    children: *mut *mut ArrowArray,
    dictionary: *mut ArrowArray,
    release: Option<unsafe extern "C" fn(*mut ArrowArray)>,
    private_data: *mut c_void,
}

/// What an array points to, and who owns the bytes behind the pointers.
struct ArrayParts {
    _data: ArrayData,
    _nulls: Option<Buffer>,
    buffers: Box<[*const c_void]>,
    children: Box<[*mut ArrowArray]>,
}

impl ArrowArray {
    /// What stands for the end of a stream.
    const END: Self = Self {
        length: 0,
        null_count: 0,
        offset: 0,
        n_buffers: 0,
        n_children: 0,
        buffers: ptr::null_mut(),
        children: ptr::null_mut(),
        dictionary: ptr::null_mut(),
        release: None,
        private_data: ptr::null_mut(),
    };

    fn new(data: ArrayData) -> Self {
        let offset = data.offset();
        // Bits of validity begin where the values do.
        let nulls = data.nulls().map(|nulls| {
            if nulls.offset() == offset {
                nulls.buffer().clone()
            } else {
                let before = std::iter::repeat_n(false, offset);
                before.chain(nulls.iter()).collect::<BooleanBuffer>().into_inner()
            }
        });
        let first = nulls.as_ref().map_or(ptr::null(), |nulls| nulls.as_ptr().cast::<c_void>());
        let rest = data.buffers().iter().map(|buffer| buffer.as_ptr().cast::<c_void>());
        let buffers = std::iter::once(first).chain(rest).collect();
        let children =
            data.child_data().iter().map(|child| Box::into_raw(Box::new(Self::new(child.clone())))).collect();
        let (length, null_count) = (data.len() as i64, data.null_count() as i64);
        let mut parts = Box::new(ArrayParts { _data: data, _nulls: nulls, buffers, children });
        Self {
            length,
            null_count,
            offset: offset as i64,
            n_buffers: parts.buffers.len() as i64,
            n_children: parts.children.len() as i64,
            buffers: parts.buffers.as_mut_ptr(),
            children: parts.children.as_mut_ptr(),
            dictionary: ptr::null_mut(),
            release: Some(release_array),
            private_data: Box::into_raw(parts).cast(),
        }
    }
}

/// Frees what an array points to.
unsafe extern "C" fn release_array(array: *mut ArrowArray) {
    // SAFETY: as of `release_schema`.
    unsafe {
        let array = &mut *array;
        array.release = None;
        let parts = Box::from_raw(array.private_data.cast::<ArrayParts>());
        for &child in &parts.children {
            drop(Box::from_raw(child));
        }
    }
}

impl Drop for ArrowArray {
    fn drop(&mut self) {
        if let Some(release) = self.release {
            // SAFETY: it was not released.
            unsafe { release(self) };
        }
    }
}

/// `struct ArrowArrayStream`.
#[repr(C)]
pub(crate) struct ArrowStream {
    get_schema: Option<unsafe extern "C" fn(*mut ArrowStream, *mut ArrowSchema) -> c_int>,
    get_next: Option<unsafe extern "C" fn(*mut ArrowStream, *mut ArrowArray) -> c_int>,
    get_last_error: Option<unsafe extern "C" fn(*mut ArrowStream) -> *const c_char>,
    release: Option<unsafe extern "C" fn(*mut ArrowStream)>,
    private_data: *mut c_void,
}

// SAFETY: it owns its batches, which are `Send`, and nothing else.
unsafe impl Send for ArrowStream {}

/// What a stream is made of.
struct StreamParts {
    schema: SchemaRef,
    batches: Batches,
    error: Option<CString>,
}

impl ArrowStream {
    /// A stream of batches of this schema.
    pub(crate) fn new(schema: SchemaRef, batches: Batches) -> Self {
        let parts = Box::new(StreamParts { schema, batches, error: None });
        Self {
            get_schema: Some(get_schema),
            get_next: Some(get_next),
            get_last_error: Some(get_last_error),
            release: Some(release_stream),
            private_data: Box::into_raw(parts).cast(),
        }
    }
}

impl StreamParts {
    /// Notes an error for `get_last_error`.
    fn failed(&mut self, error: &str) -> c_int {
        self.error = CString::new(error.replace('\0', " ")).ok();
        EIO
    }

    /// The next array, `None` at the end.
    fn next(&mut self) -> Result<Option<ArrowArray>, String> {
        let Some(batch) = self.batches.next() else { return Ok(None) };
        let data = StructArray::from(batch?).into_data();
        // A type that no schema could tell of was refused with the schema.
        Ok(Some(ArrowArray::new(data)))
    }
}

/// The parts of a stream that was not released.
///
/// # Safety
/// `stream` is one that `new` made and nobody released, and no other call on it is under way: the contract says so.
unsafe fn parts<'a>(stream: *mut ArrowStream) -> &'a mut StreamParts {
    // SAFETY: as the caller promises.
    unsafe { &mut *(*stream).private_data.cast::<StreamParts>() }
}

unsafe extern "C" fn get_schema(stream: *mut ArrowStream, out: *mut ArrowSchema) -> c_int {
    // SAFETY: by the contract.
    let parts = unsafe { parts(stream) };
    match ArrowSchema::of(&parts.schema) {
        Ok(schema) => {
            // SAFETY: `out` is a place for a struct that nobody filled yet.
            unsafe { ptr::write(out, schema) };
            0
        }
        Err(error) => parts.failed(&error),
    }
}

unsafe extern "C" fn get_next(stream: *mut ArrowStream, out: *mut ArrowArray) -> c_int {
    // SAFETY: by the contract.
    let parts = unsafe { parts(stream) };
    // A panic must not leave by a function of C.
    let next = catch_unwind(AssertUnwindSafe(|| parts.next()));
    match next.unwrap_or_else(|_| Err("panicked: a mistake of obelisc".to_owned())) {
        Ok(array) => {
            // SAFETY: `out` is a place for a struct that nobody filled yet.
            unsafe { ptr::write(out, array.unwrap_or(ArrowArray::END)) };
            0
        }
        Err(error) => parts.failed(&error),
    }
}

unsafe extern "C" fn get_last_error(stream: *mut ArrowStream) -> *const c_char {
    // SAFETY: by the contract.
    unsafe { parts(stream) }.error.as_ref().map_or(ptr::null(), |error| error.as_ptr())
}

unsafe extern "C" fn release_stream(stream: *mut ArrowStream) {
    // SAFETY: the contract calls this with a struct that was not released, whose `private_data` is the box that `new` made.
    unsafe {
        (*stream).release = None;
        drop(Box::from_raw((*stream).private_data.cast::<StreamParts>()));
    }
}

impl Drop for ArrowStream {
    fn drop(&mut self) {
        if let Some(release) = self.release {
            // SAFETY: it was not released.
            unsafe { release(self) };
        }
    }
}
