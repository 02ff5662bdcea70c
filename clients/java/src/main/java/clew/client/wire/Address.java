package clew.client.wire;

import java.nio.charset.StandardCharsets;

/** Texts in addresses. */
public final class Address {
    private static final String PLAIN = "-._~";

    private Address() {}

    /**
     * A text as one part of a path or query: everything but ASCII letters, digits and {@code -._~} percent-encoded.
     *
     * @throws IllegalArgumentException it holds half a surrogate pair
     */
    public static String part(String text) {
        StringBuilder out = new StringBuilder(text.length() + 16);
        for (byte b : Unicode.checked(text).getBytes(StandardCharsets.UTF_8)) {
            char c = (char) (b & 0xff);
            boolean letter = c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9';
            if (letter || PLAIN.indexOf(c) >= 0) out.append(c);
            else out.append(String.format("%%%02X", (int) c));
        }
        return out.toString();
    }

    /** A path: its parts encoded, its slashes kept. */
    public static String path(String text) {
        StringBuilder out = new StringBuilder();
        for (String part : text.split("/", -1)) {
            if (!out.isEmpty()) out.append('/');
            out.append(part(part));
        }
        return out.toString();
    }
}
