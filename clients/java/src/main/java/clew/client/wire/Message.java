package clew.client.wire;

/** What travels to or from a server: an immutable record, in which null and an empty list mean "absent". */
public interface Message {
    /** Gives every field that is present to {@code out}, under its name on the wire. */
    void write(FieldWriter out);
}
