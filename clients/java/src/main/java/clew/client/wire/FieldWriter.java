package clew.client.wire;

import java.util.List;

/** Takes the fields of a message; null and empty lists are left out. */
public interface FieldWriter {
    /** A text. */
    void text(String name, String value);

    /** A 64-bit integer. */
    void whole(String name, Long value);

    /** A float; NaN and the infinities travel as words. */
    void number(String name, Double value);

    /** A truth value. */
    void flag(String name, Boolean value);

    /** The name of an enum's constant. */
    void word(String name, Enum<?> value);

    /** A message inside this one. */
    void message(String name, Message value);

    /** A list of texts. */
    void texts(String name, List<String> value);

    /** A list of messages. */
    void messages(String name, List<? extends Message> value);
}
