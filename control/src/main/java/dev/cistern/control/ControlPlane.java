package dev.cistern.control;

import dev.cistern.control.certificate.CertificateAuthority;
import dev.cistern.control.certificate.OwnCertificates;
import dev.cistern.control.operation.Doors;
import dev.cistern.control.resource.EventLog;
import dev.cistern.control.resource.NameLookup;
import dev.cistern.control.state.Database;
import dev.cistern.control.state.StateDirectory;
import dev.cistern.control.workflow.NodeCertificates;
import dev.cistern.control.workflow.StepObserver;
import dev.cistern.control.workflow.Workflows;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import software.amazon.awssdk.services.elasticache.ElastiCacheClient;

/**
 * The control plane of one state directory: the one door through which the other modules come in.
 *
 * <p>Opening it restarts the nodes that should run, at their old endpoints, and resumes what a crash interrupted. Calls
 * run on the caller's thread and answer at once; the work that follows runs on virtual threads of this class.
 */
public final class ControlPlane implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(ControlPlane.class);

    private final ControlPlaneOptions options;
    private final StateDirectory directory;
    private final Database database;
    private final EventLog events;
    private final CertificateAuthority authority;
    private final Workflows workflows;

    private ControlPlane(ControlPlaneOptions options, StateDirectory directory, Database database,
            StepObserver observer) throws IOException {
        this.options = options;
        this.directory = directory;
        this.database = database;
        this.events = new EventLog(options.clock(), options.quotas().eventsKept());
        this.authority = CertificateAuthority.open(directory.certificates(), options.clock());
        this.workflows = new Workflows(options, database, directory, events,
                new NodeCertificates(authority, new OwnCertificates(directory.certificates()), options.endpoints(),
                        directory.nodes()),
                observer);
    }

    /**
     * Opens the state directory, or makes it.
     *
     * @throws StateDirectoryException when another process has it open, or when it cannot be used; the message is for the
     *     operator
     */
    public static ControlPlane open(ControlPlaneOptions options) {
        return open(options, StepObserver.NONE);
    }

    static ControlPlane open(ControlPlaneOptions options, StepObserver observer) {
        StateDirectory directory = openDirectory(options.stateDirectory());
        try {
            return begun(new ControlPlane(options, directory, Database.open(directory.databaseFile()), observer));
        } catch (IOException | RuntimeException e) {
            closeDirectory(directory);
            throw new StateDirectoryException("cannot open the state in " + options.stateDirectory() + ": " + e, e);
        }
    }

    /** One over a state that is open already, as a simulation has it. */
    static ControlPlane open(ControlPlaneOptions options, StateDirectory directory, Database database,
            StepObserver observer) throws IOException {
        return begun(new ControlPlane(options, directory, database, observer));
    }

    private static ControlPlane begun(ControlPlane plane) {
        plane.workflows.open();
        return plane;
    }

    /** The ElastiCache API for the account and region of the options. */
    public ElastiCacheClient elastiCache() {
        return elastiCache(options.caller());
    }

    /** The ElastiCache API for one caller. Cheap: make one per call. */
    public ElastiCacheClient elastiCache(Caller caller) {
        return new ElastiCacheService(caller, options, database, workflows, events);
    }

    /** The network of one caller: security groups, and what they lie in. Cheap: make one per call. */
    public NetworkService network(Caller caller) {
        return new NetworkService(caller, options, database, workflows, events);
    }

    /** The address that an endpoint's name stands for; empty when nothing that there is has that name. */
    public Optional<String> addressOf(String name) {
        return database.read(handle -> new NameLookup(options.endpoints()).address(handle, name));
    }

    /** What clients of encrypted nodes have to trust, PEM. */
    public Path authorityFile() {
        return authority.certificateFile();
    }

    /** Gives all encrypted nodes new certificates at once; connections that there are go on. */
    public void rotateCertificates() {
        workflows.rotateCertificates();
    }

    /** The operations that act, by AWS's names. Every other one throws {@link UnsupportedOperationException}. */
    public static SortedSet<String> offeredOperations() {
        return ElastiCacheService.offeredOperations();
    }

    /** What exists and what is being done, for operators. */
    public StatusReport status() {
        return workflows.status();
    }

    /** Where clients knock and who is let in there, for operators. */
    public DoorReport doors() {
        return database.read(handle -> new Doors(handle).report());
    }

    /** Whether everything that was wished has come true or was given up; for tests and for those who want to wait. */
    public boolean isIdle() {
        return workflows.isIdle();
    }

    /** What workflows there are, by the names that are stored. */
    Set<String> workflowTypes() {
        return workflows.types();
    }

    /** Stops workflows at the next step boundary, the nodes of this JVM, and the database; all state stays on disk. */
    @Override
    public void close() {
        workflows.close();
        options.runtime().close();
        options.backups().close();
        database.close();
        closeDirectory(directory);
    }

    private static StateDirectory openDirectory(Path path) {
        try {
            return StateDirectory.open(path);
        } catch (StateDirectory.InUseException e) {
            throw new StateDirectoryException(String.valueOf(e.getMessage()), e);
        } catch (IOException e) {
            throw new StateDirectoryException("cannot use " + path + " as state directory: " + e, e);
        }
    }

    private static void closeDirectory(StateDirectory directory) {
        try {
            directory.close();
        } catch (IOException e) {
            log.warn("the lock of the state directory could not be given back", e);
        }
    }
}
