import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Puts the exam (standard input) to Java's JWT libraries; prints one line of JSON per refusal. */
public final class Texts {
    /** Verifies one token, and throws what the library throws. */
    interface Judge {
        void judge(Question question) throws Exception;
    }

    /** One bad token, key set or header, as the exam has it. */
    record Question(String name, String about, String token, String authorization, int leewayS, String keysUrl) {
        static Question of(Map<String, Object> fields) {
            return new Question((String) fields.get("name"), (String) fields.get("about"), (String) fields.get("token"),
                (String) fields.get("authorization"), (int) fields.get("leeway_s"), (String) fields.get("keys_url"));
        }
    }

    /** One library as its users use it; its version is read off the jar of {@code home}. */
    record Library(String name, Class<?> home, List<String> about, Judge judge) {
        String version() {
            String jar = home.getProtectionDomain().getCodeSource().getLocation().getPath();
            Matcher found = Pattern.compile("-(\\d[\\w.-]*)\\.jar$").matcher(jar);
            return found.find() ? found.group(1) : "";
        }
    }

    @SuppressWarnings("unchecked")
    public static void main(String[] arguments) throws Exception {
        ObjectMapper json = new ObjectMapper();
        Map<String, Object> paper = json.readValue(System.in, Map.class);
        List<Question> questions =
            ((List<Map<String, Object>>) paper.get("situations")).stream().map(Question::of).toList();
        for (Library library : new Libraries(paper, json.writeValueAsString(paper.get("jwks"))).all()) {
            for (Question question : questions) {
                if (library.about().contains(question.about())) {
                    ask(library, question, json);
                }
            }
        }
        System.exit(0); // threads of the libraries' own may live on
    }

    private static void ask(Library library, Question question, ObjectMapper json) throws Exception {
        try {
            library.judge().judge(question);
        } catch (Exception error) {
            String text = error.getMessage() == null ? "" : error.getMessage();
            System.out.println(json.writeValueAsString(Map.of("library", library.name(), "version", library.version(),
                "situation", question.name(), "error", error.getClass().getSimpleName(), "text", text)));
        }
    }
}
