package clew.client;

import clew.client.wire.Address;
import clew.client.wire.FileInfo;
import clew.client.wire.ListArtifacts;
import clew.client.wire.ListLoggedModelArtifacts;
import clew.client.wire.Routes;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * The files of a run or of a logged model; of {@link ActiveRun#artifacts}, {@link ClewClient#artifacts} and
 * {@link ClewClient#modelArtifacts}. Paths are relative to the root, with {@code /}, of any characters but NUL and backslash.
 * Files go through the server, as streams: none is held in memory.
 */
public final class Artifacts {
    private static final String PROXY = "/api/2.0/mlflow-artifacts/artifacts/";

    private final Connection connection;
    private final String id;
    private final boolean model;
    private final Supplier<String> root;

    /** Of a run, or of a logged model; root: where its files lie. */
    Artifacts(Connection connection, String id, boolean model, Supplier<String> root) {
        this.connection = connection;
        this.id = id;
        this.model = model;
        this.root = root;
    }

    /** Stores a file under its own name in {@code folder}; the empty text is the root. */
    public void put(Path file, String folder) {
        putAs(file, join(folder, file.getFileName().toString()));
    }

    /**
     * Stores a file as {@code path}.
     *
     * @throws ClewException.InvalidParameter there is no such file
     */
    public void putAs(Path file, String path) {
        try {
            connection.put(target(path), BodyPublishers.ofFile(file), true);
        } catch (FileNotFoundException fault) {
            throw new ClewException.InvalidParameter("There is no file " + file + " to store.", fault);
        }
    }

    /** Stores every file below a local folder in {@code folder}, with its path below the local one. */
    public void putFolder(Path local, String folder) {
        if (!Files.isDirectory(local)) {
            throw new ClewException.InvalidParameter("There is no folder " + local + " to store.", null);
        }
        List<Path> files;
        try (Stream<Path> found = Files.walk(local)) {
            files = found.filter(Files::isRegularFile).sorted().toList();
        } catch (IOException fault) {
            throw new UncheckedIOException(fault);
        }
        for (Path file : files) {
            String below = local.relativize(file).toString().replace(file.getFileSystem().getSeparator(), "/");
            putAs(file, join(folder, below));
        }
    }

    /** Stores a text in UTF-8. */
    public void putText(String text, String path) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        connection.put(target(path), BodyPublishers.ofByteArray(bytes), true);
    }

    /** Stores what a stream gives, up to its end; the caller closes it. Not repeated where the connection breaks. */
    public void put(InputStream bytes, String path) {
        connection.put(target(path), BodyPublishers.ofInputStream(() -> bytes), false);
    }

    /** What lies directly in a folder, by name; the empty text is the root. A path is that from the root. */
    public List<FileInfo> list(String folder) {
        if (model) {
            var asked = ListLoggedModelArtifacts.of(id).withArtifactDirectoryPath(relative(folder));
            return connection.call(Routes.LIST_LOGGED_MODEL_ARTIFACTS, asked).files();
        }
        return connection.call(Routes.LIST_ARTIFACTS, ListArtifacts.of(id).withPath(relative(folder))).files();
    }

    /** Every file below a folder; the empty text is the root. */
    public List<FileInfo> files(String folder) {
        List<FileInfo> found = new ArrayList<>();
        for (FileInfo file : list(folder)) {
            if (Boolean.TRUE.equals(file.isDir())) found.addAll(files(file.path()));
            else found.add(file);
        }
        return found;
    }

    /**
     * The bytes of a file; the caller closes the stream.
     *
     * @throws ClewException.NotFound there is no such file
     */
    public InputStream open(String path) {
        return connection.open(source(path));
    }

    /**
     * The text of a file in UTF-8.
     *
     * @throws ClewException.NotFound there is no such file
     */
    public String text(String path) {
        return connection.get(source(path), BodyHandlers.ofString(StandardCharsets.UTF_8));
    }

    /**
     * Fetches a file; the local one appears complete, or not at all.
     *
     * @param file local, replaced where it is there; folders on the way are made
     * @throws ClewException.NotFound there is no such file
     */
    public void download(String path, Path file) {
        try {
            Path folder = file.toAbsolutePath().getParent();
            Files.createDirectories(folder);
            Path part = Files.createTempFile(folder, ".clew-", ".part");
            try {
                var kept = BodyHandlers.ofFile(part, StandardOpenOption.WRITE, StandardOpenOption.TRUNCATE_EXISTING);
                connection.get(source(path), kept);
                Files.move(part, file, StandardCopyOption.REPLACE_EXISTING);
            } finally {
                Files.deleteIfExists(part);
            }
        } catch (IOException fault) {
            throw new UncheckedIOException(fault);
        }
    }

    /** Fetches every file below a folder into a local one; the empty text is the root. */
    public void downloadFolder(String folder, Path local) {
        Path goal = local.toAbsolutePath().normalize();
        String above = relative(folder).isEmpty() ? "" : relative(folder) + "/";
        for (FileInfo file : files(folder)) {
            Path place = goal.resolve(file.path().substring(above.length())).normalize();
            if (!place.startsWith(goal)) {
                String text = "The server names a file " + file.path() + ", which leads out of the folder.";
                throw new ClewException(text, "INTERNAL_ERROR", 200, null);
            }
            download(file.path(), place);
        }
    }

    private String source(String path) {
        String named = Address.part(relative(path));
        if (model) {
            String files = "/ajax-api/2.0/mlflow/logged-models/" + Address.part(id) + "/artifacts/files";
            return files + "?artifact_file_path=" + named;
        }
        return "/get-artifact?run_id=" + Address.part(id) + "&path=" + named;
    }

    private String target(String path) {
        String uri = root.get();
        String below;
        if (uri.startsWith("mlflow-artifacts:")) {
            below = uri.substring("mlflow-artifacts:".length()).replaceFirst("^//[^/]*", "");
        } else if (uri.startsWith(connection.base() + PROXY)) {
            below = uri.substring((connection.base() + PROXY).length());
        } else {
            String text = "The files of " + id + " lie in " + uri + ", which this client cannot write to: it writes through "
                + "the server. Use an experiment without an artifact location of its own.";
            throw new ClewException.NotSupported(text, 0);
        }
        return PROXY + Address.path(join(below.replaceAll("^/+", ""), relative(path)));
    }

    /** A path without slashes around it; the server refuses what leads out of the root, and so do we before it. */
    private static String relative(String path) {
        String clean = path.replaceAll("/+$", "");
        for (String part : clean.split("/", -1)) {
            if (part.equals("..") || part.equals(".") || part.isEmpty() && !clean.isEmpty()) {
                String text = "Invalid artifact path '" + path + "': it must be relative and stay inside the run's files.";
                throw new ClewException.InvalidParameter(text, null);
            }
        }
        return clean;
    }

    private static String join(String folder, String name) {
        return folder.isEmpty() ? name : folder.replaceAll("/+$", "") + "/" + name;
    }
}
