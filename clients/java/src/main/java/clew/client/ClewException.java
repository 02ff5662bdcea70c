package clew.client;

import clew.client.wire.Failure;
import java.nio.charset.StandardCharsets;

/**
 * What went wrong with a call: the base of all errors that this client raises on purpose. {@link #getMessage()} names the
 * cause and the way out.
 */
public class ClewException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final String errorCode;
    private final int status;

    /** With the error code on the wire and the HTTP status; 0 where no server answered. */
    public ClewException(String message, String errorCode, int status, Throwable cause) {
        super(message, cause);
        this.errorCode = errorCode;
        this.status = status;
    }

    /** One of MLflow's error codes, such as {@code RESOURCE_DOES_NOT_EXIST}. */
    public String errorCode() {
        return errorCode;
    }

    /** The HTTP status that a server answered; 0 where none did. */
    public int status() {
        return status;
    }

    /** Nothing is stored under the given id or name. */
    public static class NotFound extends ClewException {
        private static final long serialVersionUID = 1L;

        NotFound(String message, String errorCode, int status) {
            super(message, errorCode, status, null);
        }
    }

    /** The name or id is taken. */
    public static class AlreadyExists extends ClewException {
        private static final long serialVersionUID = 1L;

        AlreadyExists(String message, String errorCode, int status) {
            super(message, errorCode, status, null);
        }
    }

    /** The stored state forbids the change: a param that would change, a run that lies in the trash. */
    public static class Conflict extends ClewException {
        private static final long serialVersionUID = 1L;

        Conflict(String message, String errorCode, int status) {
            super(message, errorCode, status, null);
        }
    }

    /** A value breaks a rule that the message names. */
    public static class InvalidParameter extends ClewException {
        private static final long serialVersionUID = 1L;

        InvalidParameter(String message, String errorCode, int status) {
            super(message, errorCode, status, null);
        }

        InvalidParameter(String message, Throwable cause) {
            super(message, "INVALID_PARAMETER_VALUE", 0, cause);
        }
    }

    /** A filter cannot be read. */
    public static class InvalidFilter extends InvalidParameter {
        private static final long serialVersionUID = 1L;

        private final int position;

        InvalidFilter(String message, String errorCode, int status, int position) {
            super(message, errorCode, status);
            this.position = position;
        }

        /** The index of the first offending character (code point) in the filter, from 0. */
        public int position() {
            return position;
        }
    }

    /** The caller may not do this. */
    public static class Denied extends ClewException {
        private static final long serialVersionUID = 1L;

        Denied(String message, String errorCode, int status) {
            super(message, errorCode, status, null);
        }
    }

    /** The caller has not shown who it is: no token, or one that the server does not know. */
    public static class Unauthenticated extends Denied {
        private static final long serialVersionUID = 1L;

        Unauthenticated(String message, String errorCode, int status) {
            super(message, errorCode, status);
        }
    }

    /** The server is away or busy; trying again later may help. */
    public static class Unreachable extends ClewException {
        private static final long serialVersionUID = 1L;

        Unreachable(String message, int status, Throwable cause) {
            super(message, "TEMPORARILY_UNAVAILABLE", status, cause);
        }
    }

    /** The server, or where files lie, cannot do this. */
    public static class NotSupported extends ClewException {
        private static final long serialVersionUID = 1L;

        NotSupported(String message, int status) {
            super(message, "NOT_IMPLEMENTED", status, null);
        }
    }

    /** The thread was interrupted while it waited for the server; its interrupt flag is set again. */
    public static class Interrupted extends ClewException {
        private static final long serialVersionUID = 1L;

        Interrupted(String message, Throwable cause) {
            super(message, "CANCELLED", 0, cause);
        }
    }

    /** The error that a server answered, Clew or another that speaks MLflow's API; body: what came, JSON or not. */
    static ClewException of(int status, byte[] body, String call) {
        Failure said = Failure.read(body);
        String text = said.message() != null ? said.message() : words(status, body, call);
        String code = said.errorCode() != null ? said.errorCode() : status == 404 ? "ENDPOINT_NOT_FOUND" : "INTERNAL_ERROR";
        if (code.equals("RESOURCE_ALREADY_EXISTS")) return new AlreadyExists(text, code, status);
        if ("InvalidFilter".equals(said.kind())) {
            long position = said.position() == null ? 0 : said.position();
            return new InvalidFilter(text, code, status, (int) position);
        }
        boolean conflict = said.kind() != null ? said.kind().equals("Conflict") : conflicting(text);
        if (conflict && status == 400) return new Conflict(text, code, status);
        return switch (status) {
            case 400, 413 -> new InvalidParameter(text, code, status);
            case 401 -> new Unauthenticated(text, code, status);
            case 403 -> new Denied(text, code, status);
            case 404 -> new NotFound(text, code, status);
            case 405, 501 -> new NotSupported(text, status);
            case 409 -> new Conflict(text, code, status);
            case 408, 429, 502, 503, 504 -> new Unreachable(text, status, null);
            default -> new ClewException(text, code, status, null);
        };
    }

    /** MLflow's own servers tell a conflict by its words only. */
    private static boolean conflicting(String text) {
        return text.contains("Changing param values is not allowed") || text.contains("must be in the 'active' state");
    }

    private static String words(int status, byte[] body, String call) {
        String text = new String(body, 0, Math.min(body.length, 500), StandardCharsets.UTF_8).strip();
        return "The server answered HTTP status " + status + " to " + call + (text.isEmpty() ? "." : ": " + text);
    }
}
