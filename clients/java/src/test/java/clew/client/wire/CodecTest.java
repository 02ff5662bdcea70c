package clew.client.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Messages survive their way through JSON, and what other servers send is understood. */
class CodecTest {
    private static String json(Message message) {
        return new String(JsonWriter.bytes(message), StandardCharsets.UTF_8);
    }

    private static Run run(String json) {
        return Routes.GET_RUN.answer(("{\"run\": " + json + "}").getBytes(StandardCharsets.UTF_8)).run();
    }

    @ParameterizedTest
    @ValueSource(doubles = {
        0.0, -0.0, 0.1, 1e-320, Double.MIN_VALUE, Double.MAX_VALUE, 1.0 / 3, 9007199254740993.0,
        Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY,
    })
    void everyBitOfAFloatIsKept(double value) {
        RunData data = new RunData(List.of(new Metric("k", value, 1L, 2L, null, null, null, null)), List.of(), List.of());
        RunData read = JsonReader.read(JsonWriter.bytes(data), RunData::read);
        assertEquals(Double.doubleToRawLongBits(value), Double.doubleToRawLongBits(read.metrics().get(0).value()));
    }

    @Test
    void whatJsonHasNoNumberForTravelsAsWords() {
        assertEquals("{\"key\":\"k\",\"value\":\"NaN\",\"timestamp\":1,\"step\":0}", json(MetricPoint.of("k", Double.NaN, 1)));
        assertTrue(json(MetricPoint.of("k", Double.NEGATIVE_INFINITY, 1)).contains("\"-Infinity\""));
    }

    @Test
    void bareWordsAndNumbersAsTextsAreRead() {
        Run read = run("{\"data\": {\"metrics\": [{\"key\": \"a\", \"value\": NaN}, {\"key\": \"b\", \"value\": \"1.5\"},"
            + " {\"key\": \"c\", \"value\": -0}, {\"key\": \"d\", \"value\": -Infinity, \"step\": \"9223372036854775807\"}]},"
            + " \"info\": {\"start_time\": \"12\", \"end_time\": 1.9e3}}");
        assertTrue(read.metric("a").isNaN());
        assertEquals(1.5, read.metric("b"));
        assertEquals(-0.0, read.metric("c"));
        assertEquals(Double.NEGATIVE_INFINITY, read.metric("d"));
        assertEquals(Long.MAX_VALUE, read.data().metrics().get(3).step());
        assertEquals(12L, read.info().startTime());
        assertEquals(1900L, read.info().endTime());
    }

    @Test
    void unknownFieldsNullsAndUnexpectedKindsAreAbsent() {
        Run read = run("{\"new\": {\"a\": [1, {\"b\": null}]}, \"info\": {\"run_id\": \"r\", \"run_name\": null,"
            + " \"status\": \"SLEEPING\", \"start_time\": \"soon\"}, \"data\": {\"tags\": {\"a\": 1}, \"metrics\": null}}");
        assertEquals("r", read.id());
        assertNull(read.name());
        assertNull(read.status());
        assertNull(read.info().startTime());
        assertEquals(List.of(), read.data().tags());
        assertEquals(List.of(), read.data().metrics());
    }

    @Test
    void absentFieldsAreNotWritten() {
        assertEquals("{\"experiment_ids\":[\"1\"]}", json(SearchRuns.of().withExperimentIds(List.of("1"))));
        assertEquals("{\"key\":\"k\",\"value\":\"\"}", json(KeyValue.of("k")));
        assertEquals("{\"name\":\"m\",\"description\":\"\"}", json(UpdateRegisteredModel.of("m").withDescription("")));
    }

    @Test
    void everyScriptIsKept() {
        String text = "学習率 \"\\\u0001 🚀 ünï";
        KeyValue pair = KeyValue.of(text).withValue(text);
        assertEquals(pair, JsonReader.read(JsonWriter.bytes(pair), KeyValue::read));
    }

    @Test
    void halfASurrogatePairIsRefused() {
        assertThrows(IllegalArgumentException.class, () -> JsonWriter.bytes(KeyValue.of("a\ud83d")));
        LogBatch nested = LogBatch.of("r").withTags(List.of(KeyValue.of("a\ud83d")));
        assertThrows(IllegalArgumentException.class, () -> JsonWriter.bytes(nested));
        assertThrows(IllegalArgumentException.class, () -> Address.part("\ude80x"));
        assertEquals("🚀", Unicode.checked("🚀"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "[]", "<html>", "{\"run\": {", "{} {}", "null"})
    void whatIsNoObjectIsNoAnswer(String body) {
        assertThrows(UncheckedIOException.class, () -> Routes.GET_RUN.answer(body.getBytes(StandardCharsets.UTF_8)));
    }

    @Test
    void requestsGoToTheirPlace() {
        GetLatestVersions asked = GetLatestVersions.of("a b/ü").withStages(List.of("Staging", "None"));
        assertEquals("/api/2.0/mlflow/registered-models/get-latest-versions", Routes.GET_LATEST_VERSIONS.target(asked));
        assertEquals("{\"name\":\"a b/ü\",\"stages\":[\"Staging\",\"None\"]}",
            new String(Routes.GET_LATEST_VERSIONS.body(asked), StandardCharsets.UTF_8));
        SearchModelVersions search = SearchModelVersions.of().withFilter("name = 'a&b+c'").withOrderBy(List.of("a", "b"));
        assertEquals("/api/2.0/mlflow/model-versions/search?filter=name%20%3D%20%27a%26b%2Bc%27&order_by=a&order_by=b",
            Routes.SEARCH_MODEL_VERSIONS.target(search));
        assertNull(Routes.SEARCH_MODEL_VERSIONS.body(search));
        assertEquals("/api/2.0/mlflow/logged-models/m-1/tags/a%2Fb%20%C3%BC",
            Routes.DELETE_LOGGED_MODEL_TAG.target(DeleteLoggedModelTag.of("m-1", "a/b ü")));
        assertEquals("/api/clew/v1/models/a%20b/history?before=7",
            Routes.MODEL_HISTORY.target(ModelHistory.of("a b").withBefore(7L)));
    }

    @Test
    void pathsKeepTheirSlashesOnly() {
        assertEquals("%C3%BC%20a/b%23%25%3F/%2B", Address.path("ü a/b#%?/+"));
        assertEquals("%F0%9F%9A%80", Address.part("🚀"));
    }

    @Test
    void listsOfRecordsCannotBeChanged() {
        LogBatch batch = LogBatch.of("r").withTags(List.of(KeyValue.of("a")));
        assertThrows(UnsupportedOperationException.class, () -> batch.tags().add(KeyValue.of("b")));
        assertEquals(List.of(), new LogBatch("r", null, null, null).metrics());
    }
}
