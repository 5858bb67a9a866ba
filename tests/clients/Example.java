import java.time.Duration;
import java.util.List;

/** Calls a live service, a service in trouble and none at all with the Java example. */
final class Example {
    public static void main(String[] urls) throws Exception {
        List<String> ids = List.of("java-1", "java-2", "java-3");
        String event = "{\"id\":\"java-e\",\"user_id\":\"java\",\"item_id\":\"no-such-item\",\"kind\":\"view\",\"at\":"
                + System.currentTimeMillis() + "}";
        SaimaClient saima = new SaimaClient(urls[0], null);
        check(saima.rank("java", ids, Duration.ofSeconds(10)).isEmpty(), "none of them is in the catalogue");
        check(saima.sendEvents(List.of(event)).get(0).contains("\"java-e\""), "it is rejected by its id");
        for (String url : List.of(urls[1], urls[2])) {
            check(new SaimaClient(url, null).rank("java", ids, Duration.ofMillis(150)).equals(ids), url);
        }
        check(new SaimaClient(urls[1], null).sendEvents(List.of(event)).size() == 1, "it is sent again");
    }

    private static void check(boolean holds, String what) {
        if (!holds) {
            throw new AssertionError(what);
        }
    }
}
