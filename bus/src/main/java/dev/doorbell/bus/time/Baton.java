package dev.doorbell.bus.time;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * {@link BatonThreads} on platform threads. Exactly one thread runs at any time: the driver hands the baton to a thread
 * inside that thread's resume event, and waits there until it parks or ends.
 */
final class Baton implements BatonThreads {
    /** Looks at the flag before the waiting thread sleeps: a hand-off between two running cores is ten times cheaper. */
    private static final int SPINS = 200;

    private final AbstractWorld world;
    private final List<Member> members = new ArrayList<>();
    private volatile @Nullable Member running;
    private final Condition returned = () -> running == null;
    private volatile @Nullable Thread driver;

    Baton(AbstractWorld world) {
        this.world = world;
    }

    @Override
    public BatonThread start(String name, Runnable body) {
        Member member = new Member(name, body);
        members.add(member);
        member.resume.after(0);
        return member;
    }

    @Override
    public @Nullable BatonThread current() {
        Member member = running;
        return member != null && member.thread == Thread.currentThread() ? member : null;
    }

    @Override
    public void killAll() {
        if (running != null) {
            throw new IllegalStateException("killAll() from a baton thread: it would have to kill itself");
        }
        while (!members.isEmpty()) {
            Member member = members.get(members.size() - 1);
            member.killed = true;
            member.resume.cancel();
            handOver(member);
        }
    }

    @Override
    public int alive() {
        return members.size();
    }

    boolean isRunning() {
        return running != null;
    }

    /** The one that has the baton; null: none. */
    @Nullable
    Thread runner() {
        Member member = running;
        return member == null ? null : member.thread;
    }

    boolean isCurrent(Thread thread) {
        Member member = running;
        return member != null && member.thread == thread;
    }

    /** Lets a member run on its own thread until it parks or ends. Called on the driver's thread. */
    private void handOver(Member member) {
        if (!member.started && member.killed) {
            member.alive = false;
        } else {
            boolean wasInside = world.isInsideEvent();
            world.insideEvent(false); // the member may block: it has a stack of its own to wait on
            driver = Thread.currentThread();
            running = member;
            member.go();
            await(returned);
            world.insideEvent(wasInside);
        }
        if (!member.alive) {
            members.remove(member);
            member.rethrow();
        }
    }

    private void giveBack() {
        Thread thread = driver;
        running = null;
        LockSupport.unpark(thread);
    }

    private interface Condition {
        boolean holds();
    }

    private void await(Condition condition) {
        for (int i = 0; i < SPINS; i++) {
            if (condition.holds()) {
                return;
            }
            Thread.onSpinWait();
        }
        boolean interrupted = false;
        while (!condition.holds()) {
            LockSupport.park(this);
            interrupted |= Thread.interrupted(); // else park would return at once for ever
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private final class Member implements BatonThread, Condition {
        final Event resume;
        final Thread thread;
        private final String name;
        private final Runnable body;
        private @Nullable Throwable failure;
        private boolean started, parked, permit;
        private boolean killed;
        private boolean alive = true;

        Member(String name, Runnable body) {
            this.name = name;
            this.body = body;
            this.thread = new Thread(this::main, name);
            thread.setDaemon(true);
            this.resume = world.event("resume " + name, () -> handOver(this));
        }

        @Override
        public String name() {
            return name;
        }

        @Override
        public boolean isAlive() {
            return alive;
        }

        @Override
        public void park() {
            if (thread != Thread.currentThread() || running != this) {
                throw new IllegalStateException("park() of baton thread \"" + name + "\" called by \""
                        + Thread.currentThread().getName() + '"');
            }
            if (killed) {
                throw new Killed();
            }
            if (permit) {
                permit = false;
                return;
            }
            parked = true;
            giveBack();
            await(this);
            parked = false;
            if (killed) {
                throw new Killed();
            }
        }

        @Override
        public void unpark() {
            if (!parked) {
                permit = alive;
            } else if (!resume.isScheduled()) {
                resume.after(0);
            }
        }

        /** True when the baton is here. */
        @Override
        public boolean holds() {
            return running == this;
        }

        void go() {
            if (started) {
                LockSupport.unpark(thread);
            } else {
                started = true;
                thread.start();
            }
        }

        private void main() {
            try {
                body.run();
            } catch (Killed expected) {
                // the world is being torn down
            } catch (Throwable t) {
                failure = t;
            }
            alive = false;
            giveBack();
        }

        private void rethrow() {
            Throwable thrown = failure;
            if (thrown instanceof Error error) {
                error.addSuppressed(new EventException(name, world.nowNs(), error));
                throw error;
            }
            if (thrown != null) {
                throw new EventException(name, world.nowNs(), thrown);
            }
        }
    }
}
