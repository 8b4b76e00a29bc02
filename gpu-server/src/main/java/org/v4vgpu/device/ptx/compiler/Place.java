package org.v4vgpu.device.ptx.compiler;

import java.lang.classfile.CodeBuilder;
import java.lang.classfile.TypeKind;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import org.v4vgpu.device.ptx.runtime.GenericAccess;
import org.v4vgpu.device.ptx.runtime.GlobalAccess;
import org.v4vgpu.device.ptx.syntax.Instruction;
import org.v4vgpu.device.ptx.syntax.Operand;
import org.v4vgpu.device.ptx.syntax.Space;
import org.v4vgpu.device.ptx.syntax.Type;
import org.v4vgpu.device.ptx.syntax.Variable;

/**
 * A resolved address: {@code register + constant}, or the constant alone; a symbol for global variables. Global addresses are checked
 * and located by {@link GlobalAccess}. Shared, local and parameter memory are int arrays: the index is {@code (a >> 2) + (a << 30)},
 * which an aligned address does not notice and which throws any other out of the array (more bits are shifted for wider accesses).
 */
record Place(Space space, int register, int symbol, long constant) {
    private static final int NONE = -1;

    static Place of(Emitter e, Instruction i, Operand operand) {
        return of(e, i, operand, i.space());
    }

    /** @param space of an address in a register */
    static Place of(Emitter e, Instruction i, Operand operand, Space space) {
        return switch (operand) {
            case Operand.ParameterPointer pointer -> new Place(Space.LOCAL, pointer.register(), NONE, pointer.offset());
            case Operand.Address address -> of(e, i, address, space);
            default -> throw e.refusal(i, "unsupported address");
        };
    }

    private static Place of(Emitter e, Instruction i, Operand.Address address, Space space) {
        return switch (address.base()) {
            case Operand.Register register -> new Place(space, register.index(), NONE, address.offset());
            case Operand.IntegerLiteral literal -> new Place(space, NONE, NONE, literal.value() + address.offset());
            case Operand.Named named -> ofVariable(e, named.variable(), address.offset());
            case Operand.Symbol symbol -> {
                Variable shared = e.kernel.module.shared(symbol.name());
                if (shared != null) {
                    yield ofVariable(e, shared, address.offset());
                }
                int index = e.kernel.module.index(symbol.name());
                if (index < 0) {
                    throw e.refusal(i, symbol.name() + ": no such variable");
                }
                yield new Place(Space.GLOBAL, NONE, index, address.offset());
            }
            default -> throw e.refusal(i, "unsupported address");
        };
    }

    private static Place ofVariable(Emitter e, Variable variable, long offset) {
        if (variable.space() == Space.SHARED) {
            return new Place(Space.SHARED, NONE, NONE, e.kernel.shared.address(variable) + offset);
        }
        boolean entryParameter =
                variable.space() == Space.PARAM && e.function.parameters().contains(variable);
        return new Place(entryParameter ? Space.PARAM : Space.LOCAL, NONE, NONE, e.frame.offset(variable) + offset);
    }

    /** The address of a variable in its own space, as mov gives it. */
    static void pushAddressOf(Emitter e, Instruction i, Operand operand, Type type) {
        long offset = operand instanceof Operand.Symbol symbol
                ? symbol.offset()
                : operand instanceof Operand.Named named ? named.offset() : 0;
        Operand bare = operand instanceof Operand.Symbol symbol
                ? new Operand.Symbol(symbol.name(), 0)
                : operand instanceof Operand.Named named ? new Operand.Named(named.variable(), 0) : operand;
        if (bare instanceof Operand.Symbol symbol) {
            long function = e.kernel.module.functionAddress(symbol.name());
            if (function != 0 && type.bits() == 64 && offset == 0) {
                e.code.loadConstant(function);
                return;
            }
        }
        Place place = of(e, i, new Operand.Address(bare, offset), i.space());
        if (type.bits() == 64) {
            place.pushLong(e);
        } else if (type.bits() == 32 && place.isWords()) {
            place.pushInt(e);
        } else {
            throw e.refusal(i, "an address where ." + type.ptxName() + " is expected");
        }
    }

    /** Pushes the address of a place in shared memory as an int, checked where it is generic. */
    void pushShared(Emitter e, Instruction i) {
        if (space == Space.GENERIC) {
            pushLong(e);
            e.call(GenericAccess.class, "sharedAddress", TypeKind.INT, TypeKind.LONG);
        } else if (space == Space.SHARED) {
            pushInt(e);
        } else {
            throw e.refusal(i, "needs an address of shared memory");
        }
    }

    /** Pushes the address as a generic one. */
    void pushGeneric(Emitter e) {
        pushLong(e);
        long window = MoveEmitter.window(space);
        if (window != 0) {
            e.code.loadConstant(window).ladd();
        }
    }

    boolean isWords() {
        return space == Space.SHARED || space == Space.LOCAL || space == Space.PARAM;
    }

    Place plus(int offset) {
        return new Place(space, register, symbol, constant + offset);
    }

    /** Pushes a byte address as a long. */
    void pushLong(Emitter e) {
        CodeBuilder code = e.code;
        if (symbol >= 0) {
            code.aload(e.symbols).loadConstant(symbol).laload();
        } else if (register >= 0) {
            code.loadLocal(e.kind(register), e.slot(register));
            if (!Emitter.isLong(e.kind(register))) {
                e.bits(e.kind(register), TypeKind.INT);
                code.i2l().loadConstant(0xFFFF_FFFFL).land();
            } else {
                e.bits(e.kind(register), TypeKind.LONG);
            }
        } else if (isInFrame(e)) {
            code.iload(e.framePointer).i2l();
        } else {
            code.loadConstant(constant);
            return;
        }
        if (constant != 0) {
            code.loadConstant(constant).ladd();
        }
    }

    /** Pushes a byte address of shared, local or parameter memory. */
    void pushInt(Emitter e) {
        pushBase(e);
        if (hasBase(e)) {
            if (constant != 0) {
                e.code.loadConstant((int) constant).iadd();
            }
        } else {
            e.code.loadConstant((int) constant);
        }
    }

    private boolean hasBase(Emitter e) {
        return register >= 0 || isInFrame(e);
    }

    private boolean isInFrame(Emitter e) {
        return register < 0 && space == Space.LOCAL && e.framePointer >= 0;
    }

    private void pushBase(Emitter e) {
        if (register >= 0) {
            TypeKind kind = e.kind(register);
            e.code.loadLocal(kind, e.slot(register));
            if (Emitter.isLong(kind)) {
                e.bits(kind, TypeKind.LONG);
                e.code.l2i();
            } else {
                e.bits(kind, TypeKind.INT);
            }
        } else if (isInFrame(e)) {
            e.code.iload(e.framePointer);
        }
    }

    /** Pushes the array of words of its space. */
    void pushWords(Emitter e) {
        e.code.aload(space == Space.SHARED ? e.shared : space == Space.LOCAL ? e.local : e.parameters);
    }

    /** Pushes the word index of an access of {@code bytes}. */
    void pushIndex(Emitter e, Instruction i, int bytes) {
        CodeBuilder code = e.code;
        int shift = 32 - Integer.numberOfTrailingZeros(Math.max(4, bytes));
        if (!hasBase(e)) {
            if (constant % bytes != 0) {
                throw e.refusal(i, "address " + constant + " is not aligned to " + bytes + " bytes");
            }
            code.loadConstant((int) (constant >> 2));
        } else {
            boolean aligned = constant % bytes == 0;
            for (int n = 0; n < 2; n++) {
                pushBase(e);
                if (!aligned) {
                    code.loadConstant((int) constant).iadd();
                }
                if (n == 0) {
                    code.iconst_2().ishr();
                } else {
                    code.loadConstant(shift).ishl().iadd();
                }
            }
            if (aligned && constant != 0) {
                code.loadConstant((int) (constant >> 2)).iadd();
            }
        }
        if (space == Space.LOCAL) {
            code.iload(e.localBase).iadd();
        }
    }

    void pushByteIndex(Emitter e) {
        pushInt(e);
        if (space == Space.LOCAL) {
            e.code.iload(e.localBase).iconst_2().ishl().iadd();
        }
    }

    /** Checks a global address of an access of {@code bytes} and pushes the native one. */
    void pushNative(Emitter e, int bytes) {
        pushLong(e);
        e.code.loadConstant(bytes).aload(e.map).lload(e.base).lload(e.delta);
        e.call(
                GlobalAccess.class,
                "locate",
                MethodTypeDesc.of(
                        ConstantDescs.CD_long,
                        ConstantDescs.CD_long,
                        ConstantDescs.CD_int,
                        ConstantDescs.CD_byte.arrayType(),
                        ConstantDescs.CD_long,
                        ConstantDescs.CD_long));
    }
}
