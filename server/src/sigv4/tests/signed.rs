//! Requests with the signatures that AWS and botocore made for them.

/// A request line, the scope, the signed headers, the signature and the body.
pub(super) type Vector =
    (&'static str, &'static str, &'static [(&'static str, &'static str)], &'static str, &'static str);

const HOST: (&str, &str) = ("host", "example.amazonaws.com");
const AT: (&str, &str) = ("x-amz-date", "20150830T123600Z");

/// From the test suite that AWS published.
pub(super) const SUITE: [Vector; 6] = [
    (
        "GET /",
        "20150830/us-east-1/service",
        &[HOST, AT],
        "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
        "",
    ),
    (
        "POST /",
        "20150830/us-east-1/service",
        &[HOST, AT],
        "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
        "",
    ),
    (
        "GET /?Param2=value2&Param1=value1",
        "20150830/us-east-1/service",
        &[HOST, AT],
        "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
        "",
    ),
    (
        "GET /",
        "20150830/us-east-1/service",
        &[HOST, ("my-header1", "value1"), ("my-header2", "\"a   b   c\""), AT],
        "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736",
        "",
    ),
    (
        "GET //example//",
        "20150830/us-east-1/service",
        &[HOST, AT],
        "9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84",
        "",
    ),
    (
        "POST /",
        "20150830/us-east-1/service",
        &[("content-type", "application/x-www-form-urlencoded"), HOST, AT],
        "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
        "Param1=value1",
    ),
];

/// Made with botocore 1.44.8 at one fixed instant: three requests of boto3 clients, four odd ones of its signer.
pub(super) const BOTOCORE: [Vector; 7] = [
    (
        "POST /",
        "20260131/us-east-1/firehose",
        &[
            ("host", "127.0.0.1:4566"),
            ("x-amz-target", "Firehose_20150804.PutRecordBatch"),
            ("content-type", "application/x-amz-json-1.1"),
            ("x-amz-date", "20260131T104107Z"),
        ],
        "474769ed0cb6ed634ea6a2fd5eb2bb61504268524f870e2bb4839074b9346e81",
        r#"{"DeliveryStreamName": "quiz-answers", "Records": [{"Data": "eyJyZWNvcmRfaWQiOiJyMSJ9Cg=="}, {"Data": "+vv8/f7/"}]}"#,
    ),
    (
        "POST /",
        "20260131/ap-southeast-2/kinesis",
        &[
            ("host", "127.0.0.1:4566"),
            ("x-amz-target", "Kinesis_20131202.PutRecord"),
            ("content-type", "application/x-amz-json-1.1"),
            ("x-amz-date", "20260131T104107Z"),
        ],
        "ecf878c30fd67a1d40232f0c4060af43e7c6aee16fe5ecf06c5e5cc8c51e2724",
        r#"{"StreamName": "s", "Data": "6Q==", "PartitionKey": "schl\u00fcssel"}"#,
    ),
    (
        "POST /",
        "20260131/eu-central-1/kinesis",
        &[
            ("host", "127.0.0.1:4566"),
            ("x-amz-target", "Kinesis_20131202.ListStreams"),
            ("content-type", "application/x-amz-json-1.1"),
            ("x-amz-date", "20260131T104107Z"),
        ],
        "9e56bdd05ece4aee2987093dc927b94d657d01c78da7391066963006f1266159",
        "{}",
    ),
    (
        "POST /a%20b//./x/../caf%C3%A9/?b=2&a=z&a=%20%2F&c",
        "20260131/us-east-1/kinesis",
        &[
            ("host", "example.com:4566"),
            ("content-type", "application/x-amz-json-1.1"),
            ("x-amz-date", "20260131T104107Z"),
        ],
        "0437bdf7ebd77f100d3aa53cbfef8577dd7dc93e1af4f83f48e7e8819b805642",
        "{}",
    ),
    (
        "POST /",
        "20260131/us-east-1/kinesis",
        &[
            ("host", "example.com"),
            ("content-type", "application/x-amz-json-1.1"),
            ("x-amz-meta", "  a   b \t c  "),
            ("x-amz-meta", " d "),
            ("x-amz-empty", ""),
            ("x-amz-content-sha256", "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"),
            ("x-amz-date", "20260131T104107Z"),
        ],
        "0d25e68df87efdb78834393c8a851de541781c8efa9f5299e87380a2383792aa",
        "{}",
    ),
    (
        "POST /",
        "20260131/us-east-1/kinesis",
        &[
            ("host", "example.com"),
            ("content-type", "application/x-amz-json-1.1"),
            ("date", "Sat, 31 Jan 2026 10:41:07 -0000"),
        ],
        "2225663e851870ab19259cf3753c75c59bfcc4c8ec79ba0ebe612ca3e48c8320",
        "{}",
    ),
    (
        "GET /",
        "20260131/us-east-1/iam",
        &[("host", "example.com"), ("x-amz-date", "20260131T104107Z"), ("x-amz-security-token", "a+session/token==")],
        "0f29fdb7ab1b978d90da9dc8b47ffa4973f57f53c16ca4cdadd94a9a408e6f18",
        "",
    ),
];
