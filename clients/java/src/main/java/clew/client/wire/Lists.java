package clew.client.wire;

import java.util.List;

/** Lists of records. */
final class Lists {
    private Lists() {}

    /** An unchangeable copy; null is an empty list. */
    static <T> List<T> copy(List<T> items) {
        return items == null ? List.of() : List.copyOf(items);
    }
}
