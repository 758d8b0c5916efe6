//! The description of the HTTP interface, served at `/api/openapi.json`.
//!
//! Owns which statuses each operation answers with. The shapes are those of the wire types themselves. Does not own a
//! route: `tests/openapi` holds this description against the running server.

use std::sync::LazyLock;

use app::api::accounts::{Me, SignIn};
use app::api::attempts::{AttemptView, Join, Joined, Receipt, Submission};
use app::api::class::{Arrivals, ClassGrid, Comparable, StudentName, StudentResults};
use app::api::health::DeliveryHealth;
use app::api::pipeline::{Pipeline, Replayed};
use app::api::results::{Attempts, ClassResults, ClassSummary};
use app::api::rulings::{NewRuling, RulingEffect};
use app::api::{ApiError, live};
use axum::Json;
use utoipa::openapi::path::{HttpMethod, OperationBuilder, ParameterBuilder, ParameterIn, PathItem, PathItemBuilder};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::schema::{
    AdditionalProperties, AllOfBuilder, AnyOfBuilder, ArrayBuilder, ObjectBuilder, Schema, Type,
};
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::{ContentBuilder, HeaderBuilder, Ref, RefOr, Required, Response, ResponseBuilder};
use utoipa::{OpenApi, ToSchema};

use super::ops::Alive;
use super::query::LAST_INSTANT;
use super::query::SHOW;
use super::session::COOKIE;
use crate::amazon::MOST_RECORDS;
use crate::gateway::PutRecordBatchAnswer;
use crate::ops::{PartStatus, Readiness};
use crate::reports::Export;

const JSON: &str = "application/json";
/// Names of the security schemes.
const SESSION: &str = "session";
const ATTEMPT: &str = "attempt";
const GATEWAY_KEY: &str = "gateway_key";
const METRICS_KEY: &str = "metrics_key";

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Freshmark",
        description = "Quiz, results, gateway and operations. Times are milliseconds since 1970 in UTC."
    ),
    components(schemas(
        Alive,
        ApiError,
        Arrivals,
        AttemptView,
        ClassGrid,
        ClassResults,
        ClassSummary,
        Comparable,
        DeliveryHealth,
        Join,
        Joined,
        Me,
        NewRuling,
        PartStatus,
        Pipeline,
        PutRecordBatchAnswer,
        Readiness,
        Replayed,
        Receipt,
        RulingEffect,
        SignIn,
        StudentName,
        StudentResults,
        Submission
    ))
)]
struct Schemas;

static DESCRIPTION: LazyLock<utoipa::openapi::OpenApi> = LazyLock::new(describe);

pub(super) async fn description() -> Json<&'static utoipa::openapi::OpenApi> {
    Json(&DESCRIPTION)
}

fn describe() -> utoipa::openapi::OpenApi {
    let mut api = Schemas::openapi();
    if let Some(components) = &mut api.components {
        let cookie = SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::new(COOKIE)));
        components.add_security_scheme(SESSION, cookie);
        components.add_security_scheme(ATTEMPT, bearer("the token of an attempt"));
        let header = SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::new("x-api-key")));
        components.add_security_scheme(GATEWAY_KEY, header);
        components.add_security_scheme(METRICS_KEY, bearer("metrics_key of the configuration"));
    }
    let paths = accounts().into_iter().chain(students()).chain(staff()).chain(class()).chain(others());
    api.paths.paths.extend(paths.map(|(path, item)| (path.to_owned(), item)));
    api
}

/// Paths with what they answer.
type Described = Vec<(&'static str, PathItem)>;

fn accounts() -> Described {
    let sign_in = operation("sign_in", "Sign in").request_body(Some(json_body::<SignIn>()));
    let cookie = HeaderBuilder::new().schema(Some(text())).description(Some("The session")).build();
    let me = ResponseBuilder::from(json_response::<Me>("Who has signed in")).header("set-cookie", cookie).build();
    let sign_out = operation("sign_out", "Sign out").security(needs(SESSION)).security(SecurityRequirement::default());
    let session = PathItemBuilder::new()
        .operation(HttpMethod::Post, errors(sign_in.response("200", me), &[400, 401, 403, 413, 429, 503]))
        .operation(HttpMethod::Delete, errors(sign_out.response("204", done("Signed out")), &[403, 503]));
    let me = operation("me", "Who is signed in").security(needs(SESSION));
    let me = errors(me.response("200", json_response::<Me>("The account")), &[401, 503]);
    vec![("/api/session", session.build()), ("/api/me", PathItem::new(HttpMethod::Get, me))]
}

fn students() -> Described {
    let join = operation("join", "Begin an attempt").request_body(Some(json_body::<Join>()));
    let join = join.response("200", json_response::<Joined>("The attempt and its token"));
    let view = operation("view_attempt", "All that a student sees of an attempt")
        .security(needs(ATTEMPT))
        .parameter(in_path("attempt", text(), "Names the attempt"))
        .response("200", json_response::<AttemptView>("The attempt"));
    let submit = operation("submit", "Hand in; again is the same submission")
        .security(needs(ATTEMPT))
        .parameter(in_path("attempt", text(), "Names the attempt"))
        .request_body(Some(json_body::<Submission>()))
        .response("200", json_response::<Receipt>("It is on disk"));
    vec![
        ("/api/join", PathItem::new(HttpMethod::Post, errors(join, &[400, 403, 404, 409, 413, 429, 503]))),
        ("/api/attempts/{attempt}", PathItem::new(HttpMethod::Get, errors(view, &[400, 401, 404, 503]))),
        (
            "/api/attempts/{attempt}/answers",
            PathItem::new(HttpMethod::Post, errors(submit, &[400, 401, 403, 404, 409, 413, 503])),
        ),
    ]
}

fn staff() -> Described {
    let number = "The assignment's number";
    let classes = operation("my_classes", "Classes and their assignments")
        .response("200", json_list::<ClassSummary>("The classes of whoever is signed in"));
    let health = operation("delivery_health", "Whether answers get through; a teacher is told less than an admin")
        .response("200", json_response::<DeliveryHealth>("The streams that whoever asks may know of"));
    let pipeline = operation("pipeline", "Every delivery stream's state; for admins")
        .response("200", json_response::<Pipeline>("The pipeline"));
    let close = operation("close_assignment", "End an assignment; again is the same")
        .parameter(in_path("assignment", whole(), number))
        .response("204", done("It takes no more answers"));
    let replay = operation("replay_parked", "Try a stream's parked batches again; for admins")
        .parameter(in_path("stream", text(), "The delivery stream's name"))
        .response("200", json_response::<Replayed>("How many are in the warehouse now"));
    let numbers = format!("^[0-9]{{1,18}}(,[0-9]{{1,18}}){{0,{}}}$", live::MOST_FOLLOWED - 1);
    let numbers = ObjectBuilder::new().schema_type(Type::String).pattern(Some(numbers)).into();
    let live = operation("live", "When to ask again for assignments' results")
        .parameter(parameter(ParameterIn::Query, "assignments", numbers, "Their numbers, with commas between them"))
        .response("200", events());
    let get = |operation: OperationBuilder, also: &[u16]| {
        PathItem::new(HttpMethod::Get, errors(operation.security(needs(SESSION)), also))
    };
    vec![
        ("/api/my_classes", get(classes, &[401, 503])),
        ("/api/delivery_health", get(health, &[401, 503])),
        ("/api/pipeline", get(pipeline, &[401, 403, 503])),
        ("/api/live", get(live, &[400, 401, 404, 503])),
        (
            "/api/streams/{stream}/replay",
            PathItem::new(HttpMethod::Post, errors(replay.security(needs(SESSION)), &[400, 401, 403, 404, 409, 503])),
        ),
        (
            "/api/assignments/{assignment}/close",
            PathItem::new(HttpMethod::Post, errors(close.security(needs(SESSION)), &[400, 401, 403, 404, 503])),
        ),
    ]
}

/// An assignment's results in every form, and rulings on its questions.
fn class() -> Described {
    let reads = |id: &str, summary: &str, response: Response| {
        operation(id, summary)
            .security(needs(SESSION))
            .parameter(parameter(ParameterIn::Query, "assignment", whole(), "The assignment's number"))
            .response("200", response)
    };
    let of_view =
        |operation: OperationBuilder| {
            let rules = Attempts::RULES.map(Attempts::name);
            let rule = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(rules)).into();
            let instant =
                ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(0)).maximum(Some(LAST_INSTANT)).into();
            operation
                .parameter(optional("attempts", rule, "Which attempts count; `first` if absent"))
                .parameter(optional("as_of", instant, "Only what was accepted until then; all if absent"))
        };
    let results = "An assignment's results, and how current they are";
    let results = of_view(reads("class_results", results, json_response::<ClassResults>("The results")));
    let grid = "The class, student by student, without names";
    let grid = of_view(reads("class_grid", grid, json_response::<ClassGrid>("The class")));
    let names = "What the students are called";
    let names = reads("student_names", names, json_list::<StudentName>("The class list"));
    let student = "One student's attempts";
    let student = reads("student_results", student, json_response::<StudentResults>("The attempts"))
        .parameter(parameter(ParameterIn::Query, "student", some_text(), "The student's pseudonym"));
    let arrivals = "When answers were accepted, by minute";
    let arrivals = reads("arrivals", arrivals, json_list::<Arrivals>("The minutes, in order"));
    let comparable = "The other assignments of the same quiz";
    let comparable = reads("comparable", comparable, json_list::<Comparable>("Newest first"));
    let effect = "What a ruling would change";
    let effect = reads("ruling_effect", effect, json_response::<RulingEffect>("Before and after"))
        .parameter(parameter(ParameterIn::Query, "question", whole(), "The question's number in the store"))
        .parameter(optional("key", whole(), "The choice that would be the key; void if absent"))
        .parameter(optional("also", text(), "Other choices that would be right, too, with commas between them"));
    let export = "An assignment's results as a file: answers, questions, or a workbook of both";
    let files = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(Export::ALL.map(Export::name))).into();
    let show = ObjectBuilder::new().schema_type(Type::String).enum_values(Some([SHOW])).into();
    let export = of_view(operation("export", export).security(needs(SESSION)))
        .parameter(in_path("assignment", whole(), "The assignment's number"))
        .parameter(in_path("file", files, "Which file"))
        .parameter(optional("names", show, "Students' names stand in the file; without it they are numbers"))
        .response("200", file());
    let rule = operation("rule", "Void a question, or say which of its choices are right")
        .security(needs(SESSION))
        .parameter(in_path("assignment", whole(), "The assignment's number"))
        .request_body(Some(json_body::<NewRuling>()))
        .response("200", json_response::<RulingEffect>("Before and after"));
    let undo = operation("undo_ruling", "Take a ruling back")
        .security(needs(SESSION))
        .parameter(in_path("assignment", whole(), "The assignment's number"))
        .parameter(in_path("ruling", whole(), "The ruling's number"))
        .response("204", done("The question is graded as before"));
    let get = |operation: OperationBuilder, also: &[u16]| PathItem::new(HttpMethod::Get, errors(operation, also));
    let post = |operation: OperationBuilder, also: &[u16]| PathItem::new(HttpMethod::Post, errors(operation, also));
    vec![
        ("/api/class_results", get(results, &[400, 401, 404, 503])),
        ("/api/class_grid", get(grid, &[400, 401, 404, 503])),
        ("/api/student_names", get(names, &[400, 401, 404, 503])),
        ("/api/student_results", get(student, &[400, 401, 404, 503])),
        ("/api/arrivals", get(arrivals, &[400, 401, 404, 503])),
        ("/api/comparable", get(comparable, &[400, 401, 404, 503])),
        ("/api/ruling_effect", get(effect, &[400, 401, 403, 404, 503])),
        ("/api/assignments/{assignment}/export/{file}", get(export, &[400, 401, 404, 413, 503])),
        ("/api/assignments/{assignment}/rulings", post(rule, &[400, 401, 403, 404, 409, 413, 503])),
        ("/api/assignments/{assignment}/rulings/{ruling}/undo", post(undo, &[400, 401, 403, 404, 409, 503])),
    ]
}

fn others() -> Described {
    let put = operation("put_records", "Put records, as Firehose's PutRecordBatch")
        .security(needs(GATEWAY_KEY))
        .parameter(in_path("stream", text(), "The delivery stream's name"))
        .request_body(Some(body(records())))
        .response("200", json_response::<PutRecordBatchAnswer>("What became of each record"));
    let alive = operation("healthz", "Whether the process answers").response("200", json_response::<Alive>("It does"));
    let ready = operation("readyz", "Whether the stores are open and records are taken")
        .response("200", json_response::<Readiness>("All parts are ready"))
        .response("503", json_response::<Readiness>("`parts` says which are not"));
    let metrics = operation("metrics", "Metrics; a program of this machine needs no key")
        .security(SecurityRequirement::default())
        .security(needs(METRICS_KEY))
        .response("200", text_response("text/plain", "Prometheus's text format, version 0.0.4"));
    vec![
        ("/gateway/{stream}", PathItem::new(HttpMethod::Post, errors(put, &[400, 403, 404, 409, 413, 429, 503]))),
        ("/healthz", PathItem::new(HttpMethod::Get, alive)),
        ("/readyz", PathItem::new(HttpMethod::Get, ready)),
        ("/metrics", PathItem::new(HttpMethod::Get, errors(metrics, &[403, 503]))),
    ]
}

/// A file to be saved.
fn file() -> Response {
    let name = HeaderBuilder::new().schema(Some(text())).description(Some("The name to save it under")).build();
    let file = text_response("text/csv", "The file, of the kind that its name says");
    let workbook = ContentBuilder::new().build();
    ResponseBuilder::from(file)
        .content(Export::Workbook.content_type(), workbook)
        .header("content-disposition", name)
        .build()
}

/// Server-sent events without end. Version 3.1 describes each of them by the schema of the whole.
fn events() -> Response {
    let name = ObjectBuilder::new().schema_type(Type::String).enum_values(Some([live::CHANGED, live::TICK]));
    let event = ObjectBuilder::new().property("event", name).property("data", text()).required("event");
    let content = ContentBuilder::new().schema(Some(event)).build();
    ResponseBuilder::new().description("Server-sent events without end").content("text/event-stream", content).build()
}

/// `{"records":[…]}`, or one record.
fn records() -> Schema {
    let record = || ObjectBuilder::new().description(Some("A record that fits the stream's table"));
    let list = ArrayBuilder::new().items(record()).min_items(Some(1)).max_items(Some(MOST_RECORDS));
    let many = ObjectBuilder::new()
        .property("records", list)
        .required("records")
        .additional_properties(Some(AdditionalProperties::FreeForm(false)));
    AnyOfBuilder::new().item(many).item(record()).into()
}

/// What goes with a status: the word in `error`, and what it says.
fn meaning(status: u16) -> (&'static str, &'static str) {
    match status {
        400 => ("invalid", "`field` does not hold what it has to"),
        401 => ("signed_out", "Nobody is signed in, or the token is not known"),
        403 => ("forbidden", "Not for whoever asks, or asked by another site's page"),
        404 => ("not_found", "There is no such thing"),
        409 => ("conflict", "Not in this state of things"),
        413 => ("too_large", "More than one request may carry"),
        429 => ("too_many", "Too many tries"),
        _ => ("unavailable", "A part of the server could not answer; try again later"),
    }
}

fn errors(operation: OperationBuilder, statuses: &[u16]) -> OperationBuilder {
    statuses.iter().fold(operation, |operation, status| operation.response(status.to_string(), error(*status)))
}

fn error(status: u16) -> Response {
    let (word, description) = meaning(status);
    let named = ObjectBuilder::new()
        .property("error", ObjectBuilder::new().schema_type(Type::String).enum_values(Some([word])))
        .required("error");
    let schema = AllOfBuilder::new().item(Ref::from_schema_name(ApiError::name())).item(named);
    let content = ContentBuilder::new().schema(Some(Schema::from(schema))).build();
    let response = ResponseBuilder::new().description(description).content(JSON, content);
    if ![429, 503].contains(&status) {
        return response.build();
    }
    let seconds = HeaderBuilder::new().schema(Some(whole())).description(Some("Seconds")).build();
    response.header("retry-after", seconds).build()
}

fn operation(id: &str, summary: &str) -> OperationBuilder {
    OperationBuilder::new().operation_id(Some(id)).summary(Some(summary))
}

fn parameter(place: ParameterIn, name: &str, schema: Schema, description: &str) -> ParameterBuilder {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(place)
        .required(Required::True)
        .schema(Some(schema))
        .description(Some(description))
}

fn optional(name: &str, schema: Schema, description: &str) -> ParameterBuilder {
    parameter(ParameterIn::Query, name, schema, description).required(Required::False)
}

fn in_path(name: &str, schema: Schema, description: &str) -> ParameterBuilder {
    parameter(ParameterIn::Path, name, schema, description)
}

fn json_body<T: ToSchema>() -> utoipa::openapi::request_body::RequestBody {
    body(RefOr::Ref(Ref::from_schema_name(T::name())))
}

fn body(schema: impl Into<RefOr<Schema>>) -> utoipa::openapi::request_body::RequestBody {
    let content = ContentBuilder::new().schema(Some(schema)).build();
    RequestBodyBuilder::new().content(JSON, content).required(Some(Required::True)).build()
}

fn json_response<T: ToSchema>(description: &str) -> Response {
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name(T::name()))).build();
    ResponseBuilder::new().description(description).content(JSON, content).build()
}

fn json_list<T: ToSchema>(description: &str) -> Response {
    let list = ArrayBuilder::new().items(Ref::from_schema_name(T::name()));
    let content = ContentBuilder::new().schema(Some(list)).build();
    ResponseBuilder::new().description(description).content(JSON, content).build()
}

fn text_response(kind: &str, description: &str) -> Response {
    let content = ContentBuilder::new().schema(Some(text())).build();
    ResponseBuilder::new().description(description).content(kind, content).build()
}

fn done(description: &str) -> Response {
    ResponseBuilder::new().description(description).build()
}

fn bearer(description: &str) -> SecurityScheme {
    SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some(description)).build())
}

fn needs(scheme: &str) -> SecurityRequirement {
    SecurityRequirement::new(scheme, [""; 0])
}

fn text() -> Schema {
    ObjectBuilder::new().schema_type(Type::String).into()
}

fn some_text() -> Schema {
    ObjectBuilder::new().schema_type(Type::String).min_length(Some(1)).into()
}

fn whole() -> Schema {
    let (least, most) = (Some(i64::MIN), Some(i64::MAX));
    ObjectBuilder::new().schema_type(Type::Integer).minimum(least).maximum(most).into()
}
