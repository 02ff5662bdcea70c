package clew.client.wire;

import java.io.UncheckedIOException;

/**
 * What a server says of a call that failed.
 *
 * @param errorCode one of MLflow's codes; null where the body was no JSON of that form
 * @param message the cause and the cure; null likewise
 * @param kind Clew's class of the error; null from other servers
 * @param position of the first fault in a filter, an index of code points; null elsewhere
 */
public record Failure(String errorCode, String message, String kind, Long position) {
    /** Reads a body; whatever is not there is null. */
    public static Failure read(byte[] body) {
        try {
            return JsonReader.read(body, Failure::read);
        } catch (UncheckedIOException none) {
            return new Failure(null, null, null, null);
        }
    }

    private static Failure read(JsonReader in) {
        String code = null;
        String message = null;
        Detail detail = null;
        for (String field = in.begin(); field != null; field = in.next()) {
            switch (field) {
                case "error_code" -> code = in.text();
                case "message" -> message = in.text();
                case "clew" -> detail = in.message(Failure::detail);
                default -> in.skip();
            }
        }
        return new Failure(code, message, detail == null ? null : detail.kind, detail == null ? null : detail.position);
    }

    private static Detail detail(JsonReader in) {
        String kind = null;
        Long position = null;
        for (String field = in.begin(); field != null; field = in.next()) {
            switch (field) {
                case "class" -> kind = in.text();
                case "position" -> position = in.whole();
                default -> in.skip();
            }
        }
        return new Detail(kind, position);
    }

    private record Detail(String kind, Long position) {}
}
