import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.logging.Logger;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Calls Saima: one ranking with a timeout and a fallback, and events in batches with ids and retries.
 *
 * <p>Needs Java 17 or newer and no libraries; the client keeps connections open and is safe for many threads. With a JSON library at
 * hand, use it for bodies and answers; here ids must have no quotes and no backslashes.
 */
public final class SaimaClient {
    private static final Logger LOG = Logger.getLogger("saima");
    private static final Set<Integer> BUSY = Set.of(408, 429, 500, 502, 503, 504);
    private static final Pattern PLACE = Pattern.compile("\\{\"id\":\"([^\"\\\\]*)\",\"score\":");
    private static final int BATCH = 500;
    private static final int ATTEMPTS = 8;

    private final String url;
    private final String token;
    private final HttpClient http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    /** Calls the service at that address, with a token or null. */
    public SaimaClient(String url, String token) {
        this.url = url;
        this.token = token;
    }

    /** Returns the ids best first. Without an answer it returns the candidates: give them in your own default order. */
    public List<String> rank(String userId, List<String> candidates, Duration limit) throws InterruptedException {
        String ids = candidates.stream().map(id -> '"' + id + '"').collect(Collectors.joining(","));
        try {
            HttpResponse<String> answer = post("/rank", "{\"user_id\":\"" + userId + "\",\"candidates\":[" + ids + "]}", limit);
            if (answer.statusCode() == 200) {
                return PLACE.matcher(answer.body()).results().map(place -> place.group(1)).collect(Collectors.toList());
            }
            LOG.warning("no ranking: " + answer.statusCode() + " " + answer.body());
        } catch (IOException error) {
            LOG.warning("no ranking: " + error);
        }
        return candidates;
    }

    /** Sends all events, each a JSON object with an id so that it counts once; returns the reports of the service. */
    public List<String> sendEvents(List<String> events) throws IOException, InterruptedException {
        List<String> reports = new ArrayList<>();
        for (int start = 0; start < events.size(); start += BATCH) {
            List<String> batch = events.subList(start, Math.min(start + BATCH, events.size()));
            reports.add(sendBatch("[" + String.join(",", batch) + "]"));
        }
        return reports;
    }

    private String sendBatch(String body) throws IOException, InterruptedException {
        String failure = "";
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            long pause = 100L << attempt;
            try {
                HttpResponse<String> answer = post("/events", body, Duration.ofSeconds(15));
                if (answer.statusCode() == 200) {
                    return answer.body();
                }
                failure = answer.statusCode() + " " + answer.body();
                if (!BUSY.contains(answer.statusCode())) {
                    break;
                }
                pause = Math.max(pause, 1000 * answer.headers().firstValueAsLong("retry-after").orElse(0));
            } catch (IOException error) {
                failure = error.toString();
            }
            Thread.sleep(pause);
        }
        throw new IOException("the events were not accepted: " + failure);
    }

    private HttpResponse<String> post(String path, String body, Duration limit) throws IOException, InterruptedException {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(url + path))
                .timeout(limit)
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(body));
        if (token != null) {
            request.header("Authorization", "Bearer " + token);
        }
        return http.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }
}
