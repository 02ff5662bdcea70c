package clew.client.wire;

/** Texts that can travel. */
final class Unicode {
    private Unicode() {}

    /**
     * The text itself.
     *
     * @throws IllegalArgumentException it holds half a surrogate pair, which UTF-8 cannot write
     */
    static String checked(String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (!Character.isSurrogate(c)) continue;
            boolean pair = Character.isHighSurrogate(c) && i + 1 < text.length() && Character.isLowSurrogate(text.charAt(i + 1));
            if (!pair) throw new IllegalArgumentException("a text holds half a surrogate pair, at character " + i);
            i++;
        }
        return text;
    }
}
