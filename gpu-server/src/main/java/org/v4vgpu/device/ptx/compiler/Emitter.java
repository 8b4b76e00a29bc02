package org.v4vgpu.device.ptx.compiler;

import java.lang.classfile.CodeBuilder;
import java.lang.classfile.Opcode;
import java.lang.classfile.TypeKind;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.v4vgpu.device.ptx.runtime.FloatMath;
import org.v4vgpu.device.ptx.runtime.ThreadBlock;
import org.v4vgpu.device.ptx.syntax.Function;
import org.v4vgpu.device.ptx.syntax.Instruction;
import org.v4vgpu.device.ptx.syntax.Operand;
import org.v4vgpu.device.ptx.syntax.PtxErrors;
import org.v4vgpu.device.ptx.syntax.Type;

/**
 * One JVM method in the making: its locals, and the ways between operands and the JVM's stack. On the stack a value of up to 32 bits is
 * an int that is zero- or sign-extended as its type says; registers of 16 bits are kept zero-extended.
 */
final class Emitter {
    static final ClassDesc BLOCK = descriptor(ThreadBlock.class);
    static final ClassDesc INTS = ConstantDescs.CD_int.arrayType();

    final CodeBuilder code;
    final Function function;
    final Frame frame;
    final KernelContext kernel;
    final int block;
    final int thread;
    final int localBase;
    final int framePointer;
    final int shared;
    final int local;
    final int parameters;
    final int map;
    final int base;
    final int delta;
    final int symbols;
    final int spins;

    private final TypeKind[] kinds;
    private final BitSet late;
    private final int[] slots;

    /** The locals with fields that were read ahead. */
    private final Map<String, Integer> readAhead = new HashMap<>();

    /** @param framePointer the local variable that holds the frame's offset, or -1 where it is 0 */
    Emitter(
            CodeBuilder code,
            Function function,
            Frame frame,
            KernelContext kernel,
            int block,
            int thread,
            int localBase,
            int framePointer) {
        this.code = code;
        this.function = function;
        this.frame = frame;
        this.kernel = kernel;
        this.block = block;
        this.thread = thread;
        this.localBase = localBase;
        this.framePointer = framePointer;
        this.kinds = kernel.kinds(function);
        this.late = kernel.late(function);
        this.slots = new int[kinds.length];
        java.util.Arrays.fill(slots, -1);
        this.shared = field("shared", INTS);
        this.local = field("local", INTS);
        this.parameters = field("parameters", INTS);
        this.map = field("map", ConstantDescs.CD_byte.arrayType());
        this.base = field("base", ConstantDescs.CD_long);
        this.delta = field("delta", ConstantDescs.CD_long);
        this.symbols = field("symbols", ConstantDescs.CD_long.arrayType());
        this.spins = code.allocateLocal(TypeKind.INT);
        code.iconst_0().istore(spins);
    }

    static ClassDesc descriptor(Class<?> type) {
        return type.describeConstable().orElseThrow();
    }

    PtxErrors.Refusal refusal(Instruction instruction, String reason) {
        return new PtxErrors.Refusal(instruction.line(), instruction.written() + ": " + reason);
    }

    // Locals

    /** The JVM local of a register. */
    int slot(int register) {
        if (slots[register] < 0) {
            slots[register] = code.allocateLocal(kinds[register]);
        }
        return slots[register];
    }

    TypeKind kind(int register) {
        return kinds[register];
    }

    Type type(int register) {
        return function.registers().get(register);
    }

    int field(String name, ClassDesc type) {
        TypeKind kind = TypeKind.from(type);
        int slot = code.allocateLocal(kind);
        code.aload(block).getfield(BLOCK, name, type).storeLocal(kind, slot);
        return slot;
    }

    /** As {@link #field}, for a field that never changes: {@link #pushField} then takes what was read here. */
    void readAhead(String name, ClassDesc type) {
        readAhead.put(name, field(name, type));
    }

    void pushField(String name, ClassDesc type) {
        Integer slot = readAhead.get(name);
        if (slot == null) {
            code.aload(block).getfield(BLOCK, name, type);
        } else {
            code.loadLocal(TypeKind.from(type), slot);
        }
    }

    void zero(int register) {
        switch (kinds[register]) {
            case LONG -> code.lconst_0();
            case FLOAT -> code.fconst_0();
            case DOUBLE -> code.dconst_0();
            default -> code.iconst_0();
        }
        code.storeLocal(kinds[register], slot(register));
    }

    // Operands to the stack

    /** Pushes an operand whose width must be the type's. */
    void push(Instruction at, int operand, Type type) {
        push(at, at.operand(operand), type);
    }

    void push(Instruction at, Operand operand, Type type) {
        if (operand instanceof Operand.Register register
                && type(register.index()).bits() != type.bits()) {
            boolean predicates = type == Type.PRED || type(register.index()) == Type.PRED;
            throw refusal(
                    at,
                    "register of type ." + type(register.index()).ptxName() + " where "
                            + (predicates ? "." + type.ptxName() : type.bits() + " bits") + " are expected");
        }
        pushWide(at, operand, type);
    }

    /** Pushes the low bits of an operand that may be wider than the type. */
    void pushWide(Instruction at, Operand operand, Type type) {
        switch (operand) {
            case Operand.Register register -> pushRegister(at, register.index(), type);
            case Operand.Negated negated -> {
                pushRegister(at, negated.register().index(), Type.PRED);
                code.iconst_1().ixor();
            }
            case Operand.IntegerLiteral literal -> pushInteger(literal.value(), type);
            case Operand.RealLiteral literal -> pushReal(at, literal.value(), type);
            case Operand.Special special -> {
                SpecialRegisters.push(this, at, special.name());
                toWidth(SpecialRegisters.type(special.name()), type);
            }
            case Operand.Symbol _, Operand.Named _ -> Place.pushAddressOf(this, at, operand, type);
            default -> throw refusal(at, "unsupported operand");
        }
    }

    private void toWidth(Type from, Type to) {
        if (from.bits() == 64 && to.bits() <= 32) {
            code.l2i();
        } else if (from.bits() == 32 && to.bits() == 64) {
            code.i2l().loadConstant(0xFFFF_FFFFL).land();
        }
        if (to.isFloat()) {
            bits(to.bits() == 64 ? TypeKind.LONG : TypeKind.INT, RegisterKinds.of(to));
        } else {
            narrow(to);
        }
    }

    private void pushRegister(Instruction at, int register, Type type) {
        if (type(register).bits() < type.bits()) {
            throw refusal(at, "register of " + type(register).bits() + " bits is too narrow");
        }
        code.loadLocal(kinds[register], slot(register));
        TypeKind have = kinds[register];
        TypeKind want = RegisterKinds.of(type);
        if (isNanSeen(at, register)) {
            canonicalNan();
        }
        if (isLong(have) && !isLong(want)) {
            bits(have, TypeKind.LONG);
            code.l2i();
            have = TypeKind.INT;
        }
        bits(have, want);
        narrow(type);
    }

    private void pushInteger(long value, Type type) {
        switch (type) {
            case F32 -> code.loadConstant((float) value);
            case F64 -> code.loadConstant((double) value);
            case B64, U64, S64 -> code.loadConstant(value);
            case F32X2 -> code.loadConstant(value);
            case U16, B16, F16, BF16, E4M3X2, E5M2X2 -> code.loadConstant((int) value & 0xFFFF);
            case S16 -> code.loadConstant((int) (short) value);
            case U8, B8 -> code.loadConstant((int) value & 0xFF);
            case S8 -> code.loadConstant((int) (byte) value);
            case PRED -> code.loadConstant(value == 0 ? 0 : 1);
            case B32, U32, S32, F16X2, BF16X2, TF32, U16X2, S16X2 -> code.loadConstant((int) value);
        }
    }

    private void pushReal(Instruction at, double value, Type type) {
        switch (type) {
            case F32 -> code.loadConstant((float) value);
            case F64 -> code.loadConstant(value);
            case B32 -> code.loadConstant(Float.floatToRawIntBits((float) value));
            case B64 -> code.loadConstant(Double.doubleToRawLongBits(value));
            default -> throw refusal(at, "a floating-point constant where ." + type.ptxName() + " is expected");
        }
    }

    /** Makes an int canonical for a type of less than 32 bits. */
    void narrow(Type type) {
        switch (type) {
            case U16, B16, F16, BF16, E4M3X2, E5M2X2 -> code.i2c();
            case S16 -> code.i2s();
            case U8, B8 -> code.loadConstant(0xFF).iand();
            case S8 -> code.i2b();
            default -> {}
        }
    }

    // The stack to operands

    /** Stores a value of the type; a wider register gets it extended as the type says. */
    void pop(Instruction at, Operand destination, Type type) {
        switch (destination) {
            case Operand.Sink _ -> {
                if (isLong(RegisterKinds.of(type))) {
                    code.pop2();
                } else {
                    code.pop();
                }
            }
            case Operand.Register register -> popRegister(at, register.index(), type);
            default -> throw refusal(at, "unsupported destination");
        }
    }

    void popRegister(Instruction at, int register, Type type) {
        Type own = type(register);
        if (own.bits() < type.bits() || (own == Type.PRED) != (type == Type.PRED)) {
            throw refusal(at, "register of type ." + own.ptxName() + " for a value of ." + type.ptxName());
        }
        TypeKind have = RegisterKinds.of(type);
        TypeKind want = kinds[register];
        if (type == Type.F32 && isNanMade(at, register)) {
            canonicalNan();
        }
        if (isLong(want) && !isLong(have)) {
            bits(have, TypeKind.INT);
            code.i2l();
            if (!type.isSigned()) {
                code.loadConstant(0xFFFF_FFFFL).land();
            }
            have = TypeKind.LONG;
        }
        bits(have, want);
        if (own.bits() == 16) {
            code.i2c();
        }
        code.storeLocal(want, slot(register));
    }

    static boolean isLong(TypeKind kind) {
        return kind == TypeKind.LONG || kind == TypeKind.DOUBLE;
    }

    /** Whether a NaN gets its pattern when an instruction reads it. */
    boolean isNanSeen(Instruction at, int register) {
        return late.get(register) && NanBits.sees(at, late);
    }

    /** Whether a NaN gets its pattern when an instruction writes it. */
    boolean isNanMade(Instruction at, int register) {
        return NanBits.isResult(at) && !late.get(register);
    }

    /** Gives the float on the stack the pattern of results, if it is a NaN. */
    void canonicalNan() {
        call(FloatMath.class, "canonical", TypeKind.FLOAT, TypeKind.FLOAT);
    }

    /** Reinterprets the bits of the value on the stack. */
    void bits(TypeKind from, TypeKind to) {
        if (from == to) {
            return;
        }
        if (from == TypeKind.FLOAT && to == TypeKind.INT) {
            call(Float.class, "floatToRawIntBits", TypeKind.INT, TypeKind.FLOAT);
        } else if (from == TypeKind.INT && to == TypeKind.FLOAT) {
            call(Float.class, "intBitsToFloat", TypeKind.FLOAT, TypeKind.INT);
        } else if (from == TypeKind.DOUBLE && to == TypeKind.LONG) {
            call(Double.class, "doubleToRawLongBits", TypeKind.LONG, TypeKind.DOUBLE);
        } else if (from == TypeKind.LONG && to == TypeKind.DOUBLE) {
            call(Double.class, "longBitsToDouble", TypeKind.DOUBLE, TypeKind.LONG);
        } else {
            throw new IllegalStateException(from + " to " + to);
        }
    }

    // Calls and control

    void call(Class<?> owner, String name, TypeKind result, TypeKind... arguments) {
        List<ClassDesc> types =
                java.util.Arrays.stream(arguments).map(TypeKind::upperBound).toList();
        call(owner, name, MethodTypeDesc.of(result.upperBound(), types));
    }

    void call(Class<?> owner, String name, MethodTypeDesc type) {
        code.invokestatic(descriptor(owner), name, type);
    }

    /** Turns a comparison with the stack into 0 or 1. */
    void truth(Opcode branch) {
        code.ifThenElse(branch, yes -> yes.iconst_1(), no -> no.iconst_0());
    }

    /**
     * Looks now and then whether the launch was cancelled. A kernel's own loops count in a local; functions count together in the
     * block, since they may be called often and each time do little.
     */
    void poll() {
        if (framePointer >= 0) {
            code.aload(block).invokevirtual(BLOCK, "count", ConstantDescs.MTD_void);
            return;
        }
        code.iinc(spins, 1).iload(spins).loadConstant(0x3FF).iand().ifThen(Opcode.IFEQ, then -> {
            then.aload(block).invokevirtual(BLOCK, "poll", ConstantDescs.MTD_void);
        });
    }
}
