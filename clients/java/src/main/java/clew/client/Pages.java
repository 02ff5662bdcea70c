package clew.client;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Spliterator;
import java.util.Spliterators.AbstractSpliterator;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/** Searches that answer page by page, as one lazy stream: a page is fetched when its first item is asked for. */
final class Pages<T> extends AbstractSpliterator<T> {
    /** One page; next: the token of the following one, null or empty at the end. */
    record Page<T>(List<T> items, String next) {}

    private final Function<String, Page<T>> fetch;
    private final Deque<T> items = new ArrayDeque<>();
    private String token;
    private boolean more = true;

    private Pages(String token, Function<String, Page<T>> fetch) {
        super(Long.MAX_VALUE, Spliterator.ORDERED | Spliterator.NONNULL);
        this.token = token;
        this.fetch = fetch;
    }

    /** All items from the page of {@code token} on; fetch: the page of a token, null for the first. */
    static <T> Stream<T> stream(String token, Function<String, Page<T>> fetch) {
        return StreamSupport.stream(new Pages<>(token, fetch), false);
    }

    @Override
    public boolean tryAdvance(Consumer<? super T> action) {
        while (items.isEmpty() && more) {
            Page<T> page = fetch.apply(token);
            items.addAll(page.items);
            token = page.next;
            more = token != null && !token.isEmpty();
        }
        T item = items.poll();
        if (item == null) return false;
        action.accept(item);
        return true;
    }
}
