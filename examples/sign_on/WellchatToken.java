import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.time.Instant;
import java.util.Base64;
import java.util.UUID;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

public class WellchatToken {
    static String of(String personId, String name) throws GeneralSecurityException {
        long now = Instant.now().getEpochSecond();
        String header = "{\"alg\":\"HS256\",\"kid\":" + text(System.getenv("WELLCHAT_KID")) + "}";
        String claims = "{\"aud\":" + text(System.getenv("WELLCHAT_URL")) + ",\"sub\":" + text(personId)
            + ",\"name\":" + text(name) + ",\"iat\":" + now + ",\"exp\":" + (now + 120)
            + ",\"jti\":" + text(UUID.randomUUID().toString()) + "}";
        String signed = part(bytes(header)) + "." + part(bytes(claims));
        Mac mac = Mac.getInstance("HmacSHA256");
        mac.init(new SecretKeySpec(bytes(System.getenv("WELLCHAT_SECRET")), "HmacSHA256"));
        return signed + "." + part(mac.doFinal(bytes(signed)));
    }

    static String text(String value) {
        return "\"" + value.replace("\\", "\\\\").replace("\"", "\\\"") + "\"";
    }

    static String part(byte[] content) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(content);
    }

    static byte[] bytes(String value) {
        return value.getBytes(StandardCharsets.UTF_8);
    }

    public static void main(String[] given) throws GeneralSecurityException {
        System.out.println(of(given[0], given[1]));
    }
}
