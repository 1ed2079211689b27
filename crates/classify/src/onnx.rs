//! Models in ONNX, run by `tract`.

use std::any::Any;
use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use obelisc_image::Picture;
use tract_onnx::onnx;
use tract_onnx::prelude::{
    Datum, Framework, InferenceFact, InferenceModel, InferenceModelExt, IntoRunnable, Tensor, TractError,
    TypedRunnableModel, tvec,
};
use tract_onnx::tract_hir::infer::Factoid;

use crate::{BATCH, Classifier, ClassifierError, Preprocessing};

/// Longest side of a model's input, in pixels.
const MAX_SIDE: u32 = 2048;

/// Most bytes of what a model's reader has to say.
const MAX_DETAIL: usize = 300;

/// Scores are rounded to 1 in so many.
const STEPS: f64 = 10_000.0;

/// A classifier whose model is in ONNX: of one input, pictures of 32-bit floats, whose first output has a number for each
/// picture and class.  Channels come last (as Keras exports it) or first (as PyTorch does), wherever the input's shape has the 3.
///
/// A model is trusted, as a program is: one made for harm can ask for more memory than there is.  Of 15,000 damaged at random one did; its
/// digest tells a damaged one for sure.
///
/// The same model and picture give the same scores on one kind of machine, in whatever batch.  Between families of CPUs the
/// kernels add floats in other orders, and the last bits differ; scores are rounded to four decimals, so that they rarely show.
pub struct OnnxClassifier {
    plan: Arc<TypedRunnableModel>,
    input: Input,
    preprocessing: Preprocessing,
    classes: Vec<String>,
    /// What a sample becomes, by channel.
    values: Vec<[f32; 256]>,
}

/// The shape of a model's input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Input {
    /// Pictures that are run at a time.
    batch: usize,
    width: u32,
    height: u32,
    channels_last: bool,
}

impl OnnxClassifier {
    /// Version of the scores: raised when any picture's would change.
    pub const VERSION: u32 = 1;

    /// Reads a model; its classes are named in the order of its outputs.
    ///
    /// # Errors
    /// [`ClassifierError`] where the model is damaged, has operators that are not supported, takes other things than pictures, or
    /// has another number of classes; or where the preprocessing makes no sense.
    pub fn new(model: &[u8], preprocessing: Preprocessing, classes: Vec<String>) -> Result<Self, ClassifierError> {
        let Preprocessing { mean, std, .. } = preprocessing;
        if !mean.iter().chain(&std).all(|value| value.is_finite()) || std.iter().any(|&std| std <= 0.0) {
            return Err(ClassifierError::Preprocessing("mean and std are to be numbers, std above 0"));
        }
        let (plan, input) = guarded(|| load(model, preprocessing.size, classes.len()))
            .unwrap_or_else(|panic| Err(ClassifierError::Damaged(panic)))?;
        let value = |sample: u8, channel: usize| (f32::from(sample) / 255.0 - mean[channel]) / std[channel];
        let values = (0..3).map(|channel| std::array::from_fn(|sample| value(narrow(sample), channel))).collect();
        Ok(Self { plan, input, preprocessing, classes, values })
    }

    /// What the model says of at most as many pictures as it is run on at a time.
    fn raw(&self, pictures: &[Picture]) -> Result<Vec<Vec<f32>>, ClassifierError> {
        let Input { batch, width, height, channels_last } = self.input;
        let area = width as usize * height as usize;
        // A batch that is not full is filled up with zeros.
        let mut values = vec![0.0; batch * area * 3];
        for (picture, values) in pictures.iter().zip(values.chunks_exact_mut(area * 3)) {
            let fitted = self.fitted(picture.clone());
            for (at, pixel) in fitted.rgb().chunks_exact(3).enumerate() {
                for (channel, (&sample, table)) in pixel.iter().zip(&self.values).enumerate() {
                    let to = if channels_last { at * 3 + channel } else { channel * area + at };
                    values[to] = table[usize::from(sample)];
                }
            }
        }
        let shape = self.input.shape();
        let run = || -> Result<Vec<f32>, TractError> {
            let tensor = Tensor::from_shape(&shape, &values)?;
            let outputs = self.plan.run(tvec![tensor.into()])?;
            let output = outputs.first().ok_or_else(|| TractError::msg("no output"))?;
            Ok(output.to_plain_array_view::<f32>()?.iter().copied().collect())
        };
        let scores =
            guarded(run).map_err(ClassifierError::Failed)?.map_err(|error| ClassifierError::Failed(text(&error)))?;
        Ok(scores.chunks_exact(self.classes.len()).take(pictures.len()).map(<[f32]>::to_vec).collect())
    }

    fn finished(&self, raw: &[f32]) -> Result<Vec<f64>, ClassifierError> {
        let raw = raw.iter().map(|&score| f64::from(score));
        let scores: Vec<f64> =
            if self.preprocessing.logits { softmax(&raw.collect::<Vec<_>>()) } else { raw.collect() };
        if !scores.iter().all(|score| score.is_finite()) {
            return Err(ClassifierError::NotANumber);
        }
        Ok(scores.iter().map(|score| (score * STEPS).round() / STEPS).collect())
    }
}

impl Classifier for OnnxClassifier {
    fn classes(&self) -> &[String] {
        &self.classes
    }

    fn fitted(&self, picture: Picture) -> Picture {
        picture.resized(self.input.width, self.input.height, self.preprocessing.filter)
    }

    fn scores(&self, pictures: &[Picture]) -> Vec<Result<Vec<f64>, ClassifierError>> {
        let mut scores = Vec::with_capacity(pictures.len());
        for pictures in pictures.chunks(self.input.batch) {
            match self.raw(pictures) {
                Ok(raw) => scores.extend(raw.iter().map(|raw| self.finished(raw))),
                Err(error) if pictures.len() == 1 => scores.push(Err(error)),
                // One of them may be the cause: each for itself.
                Err(_) => scores.extend(pictures.chunks(1).map(|alone| {
                    let raw = self.raw(alone)?;
                    self.finished(raw.first().map_or(&[], Vec::as_slice))
                })),
            }
        }
        scores
    }
}

impl std::fmt::Debug for OnnxClassifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OnnxClassifier")
            .field("input", &self.input)
            .field("classes", &self.classes)
            .finish_non_exhaustive()
    }
}

impl Input {
    /// Out of the shape that the model gives its input, and the size that the caller does.
    fn of(model: &InferenceModel, size: Option<(u32, u32)>) -> Result<Self, ClassifierError> {
        let refused = |found: String, expected: &str| ClassifierError::Input { found, expected: expected.to_owned() };
        let [outlet] = model.inputs[..] else {
            return Err(refused(format!("{} inputs", model.inputs.len()), "one"));
        };
        let fact = model.outlet_fact(outlet).map_err(|error| ClassifierError::Damaged(text(&error)))?;
        let found = || fact.format_dt_shape();
        if fact.datum_type.concretize().is_some_and(|datum| datum != f32::datum_type()) {
            return Err(refused(found(), "32-bit floats"));
        }
        let dims: Vec<Option<u32>> =
            fact.shape.dims().map(|dim| u32::try_from(dim.concretize()?.to_i64().ok()?).ok()).collect();
        let [batch, second, third, last] = dims[..] else {
            return Err(refused(found(), "four dimensions: pictures, and rows, columns and channels of each"));
        };
        let (channels_last, height, width) = match (second, last) {
            (Some(3), Some(3)) => {
                return Err(refused(found(), "3 channels either behind the batch or last, not in both places"));
            }
            (Some(3), _) => (false, third, last),
            (_, Some(3)) => (true, second, third),
            _ => return Err(refused(found(), "3 channels, behind the batch or last")),
        };
        let sides = (width.or(size.map(|size| size.0)), height.or(size.map(|size| size.1)));
        let (Some(width), Some(height)) = sides else {
            return Err(refused(
                format!("{}, pictures of any size", found()),
                "the size that pictures are brought to, to be given",
            ));
        };
        if size.is_some_and(|size| size != (width, height)) {
            let given = size.map_or(String::new(), |(width, height)| format!("{width} by {height} pixels, as given"));
            return Err(refused(format!("pictures of {width} by {height} pixels"), &given));
        }
        let sides = 1..=MAX_SIDE;
        if !sides.contains(&width) || !sides.contains(&height) {
            return Err(refused(format!("pictures of {width} by {height} pixels"), &format!("1 to {MAX_SIDE} a side")));
        }
        // Some exports fix the batch.  The others run picture by picture: MobileNetV2 takes a third less time so than in batches of
        // 32, which the caches do not hold, and no picture knows of another.
        let batch = batch.map_or(1, |batch| batch as usize);
        if !(1..=BATCH).contains(&batch) {
            return Err(refused(format!("batches of {batch}"), &format!("1 to {BATCH}, or any")));
        }
        Ok(Self { batch, width, height, channels_last })
    }

    fn shape(self) -> [usize; 4] {
        let (width, height) = (self.width as usize, self.height as usize);
        if self.channels_last { [self.batch, height, width, 3] } else { [self.batch, 3, height, width] }
    }
}

fn load(
    bytes: &[u8],
    size: Option<(u32, u32)>,
    classes: usize,
) -> Result<(Arc<TypedRunnableModel>, Input), ClassifierError> {
    let failed = |error: TractError| ClassifierError::Failed(text(&error));
    // The shapes of what is inside follow out of that of the input; those of the file may name a batch of any size.
    let reader = onnx().with_ignore_value_info(true);
    let mut model =
        reader.model_for_read(&mut Cursor::new(bytes)).map_err(|error| ClassifierError::Damaged(text(&error)))?;
    let mut unknown: Vec<String> = model
        .nodes
        .iter()
        .filter_map(|node| Some(node.op.name().strip_prefix("Unimplemented(")?.trim_end_matches(')').to_owned()))
        .collect();
    if !unknown.is_empty() {
        unknown.sort_unstable();
        unknown.dedup();
        return Err(ClassifierError::Operators(unknown));
    }
    let input = Input::of(&model, size)?;
    let first = model.outputs.first().copied();
    let first = first.ok_or_else(|| ClassifierError::Damaged("no output".to_owned()))?;
    model.select_output_outlets(&[first]).map_err(failed)?;
    model.set_input_fact(0, InferenceFact::dt_shape(f32::datum_type(), input.shape())).map_err(failed)?;
    let model = model.into_optimized().map_err(failed)?;
    let fact = model.output_fact(0).map_err(failed)?;
    match fact.shape.as_concrete() {
        Some(&[batch, found]) if batch == input.batch && fact.datum_type == f32::datum_type() => {
            if found != classes || found == 0 {
                return Err(ClassifierError::Classes { expected: classes, found });
            }
        }
        _ => {
            let expected = format!("32-bit floats, {} by {classes}: pictures and classes", input.batch);
            return Err(ClassifierError::Output { found: format!("{fact:?}"), expected });
        }
    }
    Ok((model.into_runnable().map_err(failed)?, input))
}

/// A panic costs what it happens in, not the run; its message comes back.
fn guarded<T>(run: impl FnOnce() -> T) -> Result<T, String> {
    let message = |panic: Box<dyn Any + Send>| {
        let message = panic.downcast_ref::<String>().map(String::as_str);
        let message = message.or_else(|| panic.downcast_ref::<&str>().copied());
        short(&format!("panic: {}", message.unwrap_or("without a message")))
    };
    catch_unwind(AssertUnwindSafe(run)).map_err(message)
}

/// An error and its causes.
fn text(error: &TractError) -> String {
    short(&format!("{error:#}"))
}

/// On one line, of bounded length.
fn short(detail: &str) -> String {
    let mut line = detail.split_whitespace().collect::<Vec<_>>().join(" ");
    if let Some((end, _)) = line.char_indices().find(|&(at, _)| at >= MAX_DETAIL) {
        line.truncate(end);
        line.push('…');
    }
    line
}

fn softmax(logits: &[f64]) -> Vec<f64> {
    let most = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let powers: Vec<f64> = logits.iter().map(|logit| (logit - most).exp()).collect();
    let sum: f64 = powers.iter().sum();
    powers.iter().map(|power| power / sum).collect()
}

fn narrow(sample: usize) -> u8 {
    u8::try_from(sample).unwrap_or(u8::MAX)
}
