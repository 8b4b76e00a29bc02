package org.v4vgpu.device.ptx.random;

import java.util.BitSet;
import java.util.List;

/** A program as a tree. Every node knows its PTX and what it does to a {@link Machine}, instruction by instruction for all threads. */
sealed interface Program {
    /** Appends PTX. Labels are numbered by the text's length, which no two share. */
    void write(StringBuilder text);

    void run(Machine machine, BitSet active);

    /** What an instruction does to one thread. */
    interface Effect {
        void on(Machine machine, int thread);
    }

    /** One instruction, perhaps with a guard: the number of a predicate, or -1. */
    record Step(int guard, boolean negated, String ptx, Effect effect) implements Program {
        @Override
        public void write(StringBuilder text) {
            if (guard >= 0) {
                text.append(negated ? "@!%p" : "@%p").append(guard).append(' ');
            }
            text.append(ptx).append(";\n");
        }

        @Override
        public void run(Machine machine, BitSet active) {
            active.stream()
                    .filter(t -> guard < 0 || machine.predicates[guard][t] != negated)
                    .forEach(t -> effect.on(machine, t));
        }
    }

    /** What all threads do at the same time: takes the values before, leaves those behind. */
    record Exchange(String ptx, java.util.function.Consumer<Machine> effect) implements Program {
        @Override
        public void write(StringBuilder text) {
            text.append(ptx).append(";\n");
        }

        @Override
        public void run(Machine machine, BitSet active) {
            effect.accept(machine);
        }
    }

    record Choice(int predicate, List<Program> yes, List<Program> no) implements Program {
        @Override
        public void write(StringBuilder text) {
            int label = text.length();
            text.append("@!%p")
                    .append(predicate)
                    .append(" bra ELSE")
                    .append(label)
                    .append(";\n");
            yes.forEach(part -> part.write(text));
            text.append("bra END").append(label).append(";\nELSE").append(label).append(":\n");
            no.forEach(part -> part.write(text));
            text.append("END").append(label).append(":\n");
        }

        @Override
        public void run(Machine machine, BitSet active) {
            BitSet taken = new BitSet();
            active.stream().filter(t -> machine.predicates[predicate][t]).forEach(taken::set);
            BitSet rest = (BitSet) active.clone();
            rest.andNot(taken);
            yes.forEach(part -> part.run(machine, taken));
            no.forEach(part -> part.run(machine, rest));
        }
    }

    /** Runs as often as a register of the thread says, modulo 4; or, for all threads alike, {@code times} where that is not 0. */
    record Loop(int times, int register, List<Program> body) implements Program {
        @Override
        public void write(StringBuilder text) {
            int label = text.length();
            String counter = "%c" + label;
            text.append("{\n.reg .b32 ").append(counter).append("; .reg .pred %z;\n");
            if (times > 0) {
                text.append("mov.u32 ")
                        .append(counter)
                        .append(", ")
                        .append(times)
                        .append(";\n");
            } else {
                text.append("and.b32 ")
                        .append(counter)
                        .append(", %r")
                        .append(register)
                        .append(", 3;\n");
            }
            text.append("TOP")
                    .append(label)
                    .append(":\nsetp.eq.u32 %z, ")
                    .append(counter)
                    .append(", 0;\n@%z bra OUT")
                    .append(label)
                    .append(";\n");
            body.forEach(part -> part.write(text));
            text.append("sub.u32 ")
                    .append(counter)
                    .append(", ")
                    .append(counter)
                    .append(", 1;\nbra TOP")
                    .append(label)
                    .append(";\nOUT")
                    .append(label)
                    .append(":\n}\n");
        }

        @Override
        public void run(Machine machine, BitSet active) {
            int[] left = new int[machine.threads];
            active.stream().forEach(t -> left[t] = times > 0 ? times : machine.words[register][t] & 3);
            BitSet still = (BitSet) active.clone();
            while (true) {
                active.stream().filter(t -> left[t] == 0).forEach(still::clear);
                if (still.isEmpty()) {
                    return;
                }
                body.forEach(part -> part.run(machine, still));
                still.stream().forEach(t -> left[t]--);
            }
        }
    }
}
