package dev.doorbell.kernel.netfilter.match;

import dev.doorbell.kernel.netfilter.NetfilterHooks;
import dev.doorbell.kernel.netfilter.Packet;
import dev.doorbell.kernel.netfilter.RulesException;
import dev.doorbell.kernel.netfilter.Words;
import org.jspecify.annotations.Nullable;

/**
 * {@code -m owner}: whose socket sent it. Programs of a guest run as root: user and group 0; packets of the kernel
 * itself have no owner.
 */
record OwnerMatch(
        int @Nullable [] users,
        boolean usersInverted,
        int @Nullable [] groups,
        boolean groupsInverted,
        boolean socket,
        boolean socketInverted)
        implements Match {
    @Override
    public boolean matches(Packet packet) {
        boolean owned = packet.skb().owner != null;
        if (!owned) {
            boolean all = (users == null || usersInverted) && (groups == null || groupsInverted);
            return all && (!socket || socketInverted);
        }
        return isRoot(users, usersInverted) && isRoot(groups, groupsInverted) && !(socket && socketInverted);
    }

    private static boolean isRoot(int @Nullable [] range, boolean inverted) {
        return range == null || (range[0] == 0) != inverted;
    }

    @Override
    public void save(StringBuilder out) {
        out.append(" -m owner");
        if (socket) {
            Values.saveInverted(out, socketInverted);
            out.append(" --socket-exists");
        }
        save(out, " --uid-owner ", users, usersInverted);
        save(out, " --gid-owner ", groups, groupsInverted);
    }

    private static void save(StringBuilder out, String option, int @Nullable [] range, boolean inverted) {
        if (range != null) {
            Values.saveInverted(out, inverted);
            out.append(option).append(Integer.toUnsignedString(range[0]));
            if (range[0] != range[1]) {
                out.append('-').append(Integer.toUnsignedString(range[1]));
            }
        }
    }

    /** Reads the owners. */
    static final class Builder implements MatchBuilder {
        private int @Nullable [] users;
        private int @Nullable [] groups;
        private boolean usersInverted, groupsInverted, socket, socketInverted;

        @Override
        public boolean option(String name, boolean inverted, Words words) throws RulesException {
            switch (name) {
                case "--uid-owner" -> {
                    users = range(name, words.argument(name));
                    usersInverted = inverted;
                }
                case "--gid-owner" -> {
                    groups = range(name, words.argument(name));
                    groupsInverted = inverted;
                }
                case "--socket-exists" -> {
                    socket = true;
                    socketInverted = inverted;
                }
                default -> {
                    return false;
                }
            }
            return true;
        }

        private static int[] range(String option, String text) throws RulesException {
            int dash = text.indexOf('-');
            int from = id(option, dash < 0 ? text : text.substring(0, dash));
            int to = dash < 0 ? from : id(option, text.substring(dash + 1));
            return new int[] {from, to};
        }

        private static int id(String option, String text) throws RulesException {
            return text.equals("root") ? 0 : Values.word(option, text);
        }

        @Override
        public Match build(RuleHead head) throws RulesException {
            if (users == null && groups == null && !socket) {
                throw new RulesException("match owner needs --uid-owner, --gid-owner or --socket-exists");
            }
            boolean sent = head.hook() < 0
                    || head.hook() == NetfilterHooks.LOCAL_OUT
                    || head.hook() == NetfilterHooks.POST_ROUTING;
            if (!sent) {
                throw new RulesException("match owner works in OUTPUT and POSTROUTING only, not in " + head.chain());
            }
            return new OwnerMatch(users, usersInverted, groups, groupsInverted, socket, socketInverted);
        }
    }
}
