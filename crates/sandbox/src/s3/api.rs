//! The S3 operations over [`Objects`].
use super::{
    faults::Faults,
    objects::{Condition, Listing, Object, ObjectError, Objects, Tag},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::{Bytes, BytesMut};
use futures::TryStreamExt;
use s3s::{
    Body, S3, S3Error, S3ErrorCode, S3Request, S3Response, S3Result,
    dto::{
        Bucket, CommonPrefix, CopyObjectInput, CopyObjectOutput, CopyObjectResult, CopySource,
        CreateBucketInput, CreateBucketOutput, DeleteObjectInput, DeleteObjectOutput, ETag, ETagCondition,
        GetObjectInput, GetObjectOutput, HeadBucketInput, HeadBucketOutput, HeadObjectInput,
        HeadObjectOutput, ListBucketsInput, ListBucketsOutput, ListObjectsV2Input, ListObjectsV2Output,
        Object as ListedObject, PutObjectInput, PutObjectOutput, StreamingBlob, Timestamp,
    },
};
use std::sync::Arc;

/// What `ListObjectsV2` returns at most in one page.
const PAGE: i32 = 1000;

/// The service that `s3s` drives.
pub(super) struct Api {
    pub objects: Arc<Objects>,
    pub faults: Arc<Faults>,
}

impl Api {
    fn writable(&self) -> S3Result<()> {
        if self.faults.switches().read_only {
            return Err(S3Error::with_message(S3ErrorCode::AccessDenied, "Access Denied."));
        }
        Ok(())
    }

    fn condition(&self, matches: Option<ETagCondition>, none_match: Option<ETagCondition>) -> Condition {
        if self.faults.switches().ignore_conditions {
            return Condition::default();
        }
        Condition { matches: matches.map(tag), none_match: none_match.map(tag) }
    }
}

impl From<ObjectError> for S3Error {
    fn from(error: ObjectError) -> Self {
        let code = match error {
            ObjectError::NoSuchBucket => S3ErrorCode::NoSuchBucket,
            ObjectError::NoSuchKey => S3ErrorCode::NoSuchKey,
            ObjectError::PreconditionFailed => S3ErrorCode::PreconditionFailed,
        };
        Self::with_message(code, error.to_string())
    }
}

fn tag(condition: ETagCondition) -> Tag {
    match condition {
        ETagCondition::Any => Tag::Any,
        ETagCondition::ETag(etag) => Tag::Exactly(etag.into_value()),
    }
}

fn etag(object: &Object) -> ETag {
    ETag::Strong(object.etag.clone())
}

fn length(bytes: usize) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

async fn collect(body: Option<StreamingBlob>) -> S3Result<Bytes> {
    let Some(body) = body else { return Ok(Bytes::new()) };
    let whole = body.try_fold(BytesMut::new(), |mut whole, part| async move {
        whole.extend_from_slice(&part);
        Ok(whole)
    });
    let incomplete = |error| S3Error::with_source(S3ErrorCode::IncompleteBody, error);
    Ok(whole.await.map_err(incomplete)?.freeze())
}

#[async_trait::async_trait]
impl S3 for Api {
    async fn create_bucket(
        &self,
        req: S3Request<CreateBucketInput>,
    ) -> S3Result<S3Response<CreateBucketOutput>> {
        self.writable()?;
        if !self.objects.create_bucket(&req.input.bucket) {
            return Err(S3Error::new(S3ErrorCode::BucketAlreadyOwnedByYou));
        }
        let location = Some(format!("/{}", req.input.bucket));
        Ok(S3Response::new(CreateBucketOutput { location }))
    }

    async fn head_bucket(&self, req: S3Request<HeadBucketInput>) -> S3Result<S3Response<HeadBucketOutput>> {
        if !self.objects.buckets().contains(&req.input.bucket) {
            return Err(ObjectError::NoSuchBucket.into());
        }
        Ok(S3Response::new(HeadBucketOutput::default()))
    }

    async fn list_buckets(&self, _: S3Request<ListBucketsInput>) -> S3Result<S3Response<ListBucketsOutput>> {
        let bucket = |name| Bucket { name: Some(name), ..Bucket::default() };
        let buckets = Some(self.objects.buckets().into_iter().map(bucket).collect());
        Ok(S3Response::new(ListBucketsOutput { buckets, ..ListBucketsOutput::default() }))
    }

    async fn get_object(&self, req: S3Request<GetObjectInput>) -> S3Result<S3Response<GetObjectOutput>> {
        let input = req.input;
        let object = self.objects.get(&input.bucket, &input.key)?;
        readable(&object, input.if_match, input.if_none_match)?;
        let whole = object.body.len();
        let mut output = GetObjectOutput {
            accept_ranges: Some("bytes".into()),
            content_type: Some(object.content_type.clone()),
            e_tag: Some(etag(&object)),
            last_modified: Some(Timestamp::from(object.modified)),
            metadata: Some(object.metadata.clone().into_iter().collect()),
            ..GetObjectOutput::default()
        };
        let body = match input.range {
            None => object.body,
            Some(range) => {
                let range = range.check(whole as u64)?;
                output.content_range = Some(format!("bytes {}-{}/{whole}", range.start, range.end - 1));
                object.body.slice(range.start as usize..range.end as usize)
            }
        };
        output.content_length = Some(length(body.len()));
        output.body = Some(StreamingBlob::from(Body::from(body)));
        Ok(S3Response::new(output))
    }

    async fn head_object(&self, req: S3Request<HeadObjectInput>) -> S3Result<S3Response<HeadObjectOutput>> {
        let input = req.input;
        let object = self.objects.get(&input.bucket, &input.key)?;
        readable(&object, input.if_match, input.if_none_match)?;
        Ok(S3Response::new(HeadObjectOutput {
            accept_ranges: Some("bytes".into()),
            content_length: Some(length(object.body.len())),
            content_type: Some(object.content_type.clone()),
            e_tag: Some(etag(&object)),
            last_modified: Some(Timestamp::from(object.modified)),
            metadata: Some(object.metadata.into_iter().collect()),
            ..HeadObjectOutput::default()
        }))
    }

    async fn put_object(&self, req: S3Request<PutObjectInput>) -> S3Result<S3Response<PutObjectOutput>> {
        self.writable()?;
        let input = req.input;
        let body = collect(input.body).await?;
        let content_type = input.content_type.unwrap_or_else(|| "binary/octet-stream".into());
        let metadata = input.metadata.unwrap_or_default().into_iter().collect();
        let object = Object { metadata, ..Object::new(body, content_type) };
        let e_tag = Some(etag(&object));
        let condition = self.condition(input.if_match, input.if_none_match);
        self.objects.put(&input.bucket, &input.key, object, &condition)?;
        Ok(S3Response::new(PutObjectOutput { e_tag, ..PutObjectOutput::default() }))
    }

    /// `If-Match` is not looked at: that is what MinIO does.
    async fn delete_object(
        &self,
        req: S3Request<DeleteObjectInput>,
    ) -> S3Result<S3Response<DeleteObjectOutput>> {
        self.writable()?;
        self.objects.delete(&req.input.bucket, &req.input.key)?;
        Ok(S3Response::new(DeleteObjectOutput::default()))
    }

    async fn copy_object(&self, req: S3Request<CopyObjectInput>) -> S3Result<S3Response<CopyObjectOutput>> {
        self.writable()?;
        let input = req.input;
        let CopySource::Bucket { bucket, key, .. } = &input.copy_source else {
            return Err(S3Error::new(S3ErrorCode::NotImplemented));
        };
        let source = self.objects.get(bucket, key)?;
        if input.copy_source_if_match.is_some_and(|wanted| tag(wanted) != Tag::Exactly(source.etag.clone())) {
            return Err(ObjectError::PreconditionFailed.into());
        }
        let object = Object { metadata: source.metadata, ..Object::new(source.body, source.content_type) };
        let result = CopyObjectResult {
            e_tag: Some(etag(&object)),
            last_modified: Some(Timestamp::from(object.modified)),
            ..CopyObjectResult::default()
        };
        self.objects.put(&input.bucket, &input.key, object, &Condition::default())?;
        Ok(S3Response::new(CopyObjectOutput {
            copy_object_result: Some(result),
            ..CopyObjectOutput::default()
        }))
    }

    async fn list_objects_v2(
        &self,
        req: S3Request<ListObjectsV2Input>,
    ) -> S3Result<S3Response<ListObjectsV2Output>> {
        let input = req.input;
        let max_keys = input.max_keys.unwrap_or(PAGE).min(PAGE);
        let max = usize::try_from(max_keys).map_err(|_| argument("Argument maxKeys must be an integer"))?;
        let token = input.continuation_token.as_deref().map(read_token).transpose()?;
        let listing = Listing {
            prefix: input.prefix.as_deref().unwrap_or_default(),
            delimiter: input.delimiter.as_deref(),
            after: token.as_deref().or(input.start_after.as_deref()),
            max,
        };
        let page = self.objects.list(&input.bucket, &listing)?;
        let listed = |(key, object): (String, Object)| ListedObject {
            e_tag: Some(etag(&object)),
            last_modified: Some(Timestamp::from(object.modified)),
            size: Some(length(object.body.len())),
            key: Some(key),
            ..ListedObject::default()
        };
        let count = page.objects.len() + page.prefixes.len();
        Ok(S3Response::new(ListObjectsV2Output {
            key_count: i32::try_from(count).ok(),
            max_keys: Some(max_keys),
            is_truncated: Some(page.next.is_some()),
            next_continuation_token: page.next.map(|last| STANDARD.encode(last)),
            contents: Some(page.objects.into_iter().map(listed).collect()),
            common_prefixes: Some(
                page.prefixes.into_iter().map(|p| CommonPrefix { prefix: Some(p) }).collect(),
            ),
            name: Some(input.bucket),
            prefix: input.prefix,
            delimiter: input.delimiter,
            continuation_token: input.continuation_token,
            start_after: input.start_after,
            ..ListObjectsV2Output::default()
        }))
    }
}

fn argument(message: &'static str) -> S3Error {
    S3Error::with_message(S3ErrorCode::InvalidArgument, message)
}

/// The last name of the page before.
fn read_token(token: &str) -> S3Result<String> {
    let wrong = || argument("The continuation token provided is incorrect");
    String::from_utf8(STANDARD.decode(token).map_err(|_| wrong())?).map_err(|_| wrong())
}

/// The conditions of a read: 412 where the wanted version is gone, 304 where the known one is still there.
fn readable(
    object: &Object,
    matches: Option<ETagCondition>,
    none_match: Option<ETagCondition>,
) -> S3Result<()> {
    let is = |condition: ETagCondition| match tag(condition) {
        Tag::Any => true,
        Tag::Exactly(etag) => etag == object.etag,
    };
    if matches.is_some_and(|condition| !is(condition)) {
        return Err(ObjectError::PreconditionFailed.into());
    }
    if none_match.is_some_and(is) {
        return Err(S3Error::new(S3ErrorCode::NotModified));
    }
    Ok(())
}
