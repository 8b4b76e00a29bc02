package org.v4vgpu.device.ptx.compiler;

import java.lang.classfile.CodeBuilder;
import java.lang.classfile.TypeKind;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.v4vgpu.device.ptx.runtime.GenericAccess;
import org.v4vgpu.device.ptx.runtime.GlobalAccess;
import org.v4vgpu.device.ptx.runtime.WordAccess;
import org.v4vgpu.device.ptx.syntax.Instruction;
import org.v4vgpu.device.ptx.syntax.Operand;
import org.v4vgpu.device.ptx.syntax.Space;
import org.v4vgpu.device.ptx.syntax.Type;
import org.v4vgpu.device.ptx.syntax.Variable;

/**
 * ld and st. Global addresses are checked and located by {@link GlobalAccess}. Shared, local and parameter memory are int arrays: the
 * index is {@code (a >> 2) + (a << 30)}, which an aligned address does not notice and which throws any other out of the array (more
 * bits are shifted for wider accesses). Source: PTX ISA 9.7.9.8 and 9.7.9.11.
 */
final class MemoryEmitter {
    private static final ClassDesc BYTES = ConstantDescs.CD_byte.arrayType();

    private MemoryEmitter() {}

    /** A resolved address: {@code register + constant}, or the constant alone; a symbol for global variables. */
    record Place(Space space, int register, int symbol, long constant) {
        static final int NONE = -1;

        boolean isWords() {
            return space == Space.SHARED || space == Space.LOCAL || space == Space.PARAM;
        }
    }

    static void emit(Emitter e, Instruction i) {
        if (i.opcode().equals("st")) {
            store(e, i);
        } else {
            load(e, i);
        }
    }

    // Addresses

    static Place place(Emitter e, Instruction i, Operand operand) {
        return switch (operand) {
            case Operand.ParameterPointer pointer ->
                new Place(Space.LOCAL, pointer.register(), Place.NONE, pointer.offset());
            case Operand.Address address -> place(e, i, address);
            default -> throw e.refusal(i, "unsupported address");
        };
    }

    private static Place place(Emitter e, Instruction i, Operand.Address address) {
        return switch (address.base()) {
            case Operand.Register register -> new Place(i.space(), register.index(), Place.NONE, address.offset());
            case Operand.IntegerLiteral literal ->
                new Place(i.space(), Place.NONE, Place.NONE, literal.value() + address.offset());
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
                yield new Place(Space.GLOBAL, Place.NONE, index, address.offset());
            }
            default -> throw e.refusal(i, "unsupported address");
        };
    }

    private static Place ofVariable(Emitter e, Variable variable, long offset) {
        if (variable.space() == Space.SHARED) {
            return new Place(Space.SHARED, Place.NONE, Place.NONE, e.kernel.shared.address(variable) + offset);
        }
        boolean entryParameter =
                variable.space() == Space.PARAM && e.function.parameters().contains(variable);
        return new Place(
                entryParameter ? Space.PARAM : Space.LOCAL, Place.NONE, Place.NONE, e.frame.offset(variable) + offset);
    }

    /** The address of a variable in its own space, as mov gives it. */
    static void pushAddressOf(Emitter e, Instruction i, Operand operand, Type type) {
        long offset = operand instanceof Operand.Symbol symbol
                ? symbol.offset()
                : operand instanceof Operand.Named named ? named.offset() : 0;
        Operand bare = operand instanceof Operand.Symbol symbol
                ? new Operand.Symbol(symbol.name(), 0)
                : operand instanceof Operand.Named named ? new Operand.Named(named.variable(), 0) : operand;
        Place place = place(e, i, new Operand.Address(bare, offset));
        if (type.bits() == 64) {
            pushLong(e, place);
        } else if (type.bits() == 32 && place.isWords()) {
            pushInt(e, place);
        } else {
            throw e.refusal(i, "an address where ." + type.ptxName() + " is expected");
        }
    }

    /** Pushes a byte address as a long. */
    static void pushLong(Emitter e, Place place) {
        CodeBuilder code = e.code;
        if (place.symbol() >= 0) {
            code.aload(e.symbols).loadConstant(place.symbol()).laload();
        } else if (place.register() >= 0) {
            code.loadLocal(e.kind(place.register()), e.slot(place.register()));
            if (!Emitter.isLong(e.kind(place.register()))) {
                e.bits(e.kind(place.register()), TypeKind.INT);
                code.i2l().loadConstant(0xFFFF_FFFFL).land();
            } else {
                e.bits(e.kind(place.register()), TypeKind.LONG);
            }
        } else if (isInFrame(e, place)) {
            code.iload(e.framePointer).i2l();
        } else {
            code.loadConstant(place.constant());
            return;
        }
        if (place.constant() != 0) {
            code.loadConstant(place.constant()).ladd();
        }
    }

    /** Pushes a byte address of shared, local or parameter memory. */
    private static void pushInt(Emitter e, Place place) {
        pushBase(e, place);
        if (hasBase(e, place)) {
            if (place.constant() != 0) {
                e.code.loadConstant((int) place.constant()).iadd();
            }
        } else {
            e.code.loadConstant((int) place.constant());
        }
    }

    private static boolean hasBase(Emitter e, Place place) {
        return place.register() >= 0 || isInFrame(e, place);
    }

    private static boolean isInFrame(Emitter e, Place place) {
        return place.register() < 0 && place.space() == Space.LOCAL && e.framePointer >= 0;
    }

    private static void pushBase(Emitter e, Place place) {
        if (place.register() >= 0) {
            TypeKind kind = e.kind(place.register());
            e.code.loadLocal(kind, e.slot(place.register()));
            if (Emitter.isLong(kind)) {
                e.bits(kind, TypeKind.LONG);
                e.code.l2i();
            } else {
                e.bits(kind, TypeKind.INT);
            }
        } else if (isInFrame(e, place)) {
            e.code.iload(e.framePointer);
        }
    }

    static void pushWords(Emitter e, Space space) {
        e.code.aload(space == Space.SHARED ? e.shared : space == Space.LOCAL ? e.local : e.parameters);
    }

    /** Pushes the word index of an access of {@code bytes}. */
    static void pushIndex(Emitter e, Instruction i, Place place, int bytes) {
        CodeBuilder code = e.code;
        int shift = 32 - Integer.numberOfTrailingZeros(Math.max(4, bytes));
        if (!hasBase(e, place)) {
            if (place.constant() % bytes != 0) {
                throw e.refusal(i, "address " + place.constant() + " is not aligned to " + bytes + " bytes");
            }
            code.loadConstant((int) (place.constant() >> 2));
        } else {
            boolean aligned = place.constant() % bytes == 0;
            for (int n = 0; n < 2; n++) {
                pushBase(e, place);
                if (!aligned) {
                    code.loadConstant((int) place.constant()).iadd();
                }
                if (n == 0) {
                    code.iconst_2().ishr();
                } else {
                    code.loadConstant(shift).ishl().iadd();
                }
            }
            if (aligned && place.constant() != 0) {
                code.loadConstant((int) (place.constant() >> 2)).iadd();
            }
        }
        if (place.space() == Space.LOCAL) {
            code.iload(e.localBase).iadd();
        }
    }

    private static void pushByteIndex(Emitter e, Place place) {
        pushInt(e, place);
        if (place.space() == Space.LOCAL) {
            e.code.iload(e.localBase).iconst_2().ishl().iadd();
        }
    }

    /** Checks a global address of an access of {@code bytes} and pushes the native one. */
    static void pushNative(Emitter e, Place place, int bytes) {
        pushLong(e, place);
        e.code.loadConstant(bytes).aload(e.map).lload(e.base).lload(e.delta);
        e.call(
                GlobalAccess.class,
                "locate",
                MethodTypeDesc.of(
                        ConstantDescs.CD_long,
                        ConstantDescs.CD_long,
                        ConstantDescs.CD_int,
                        BYTES,
                        ConstantDescs.CD_long,
                        ConstantDescs.CD_long));
    }

    // Loads

    private static void load(Emitter e, Instruction i) {
        if (i.operand(1) instanceof Operand.ParameterValue value) {
            loadParameter(e, i, value);
            return;
        }
        Place place = place(e, i, i.operand(1));
        List<Operand> targets = elements(e, i, i.operand(0));
        Type type = i.type();
        int bytes = type.bytes() * targets.size();
        if (place.space() == Space.GENERIC) {
            for (int n = 0; n < targets.size(); n++) {
                loadGeneric(e, i, place, n * type.bytes(), targets.get(n));
            }
        } else if (place.isWords()) {
            loadWords(e, i, place, targets, bytes);
        } else {
            loadGlobal(e, i, place, targets, bytes);
        }
    }

    private static void loadParameter(Emitter e, Instruction i, Operand.ParameterValue value) {
        Type type = i.type();
        Type own = e.type(value.register());
        boolean wide = own.bits() == 64;
        if (i.operand(0) instanceof Operand.Vector
                || value.offset() < 0
                || value.offset() + type.bytes() > own.bytes()) {
            throw e.refusal(i, "unsupported access to a parameter of ." + own.ptxName());
        }
        if (type.bits() == own.bits()) {
            e.pushWide(i, new Operand.Register(value.register()), type);
        } else {
            e.pushWide(
                    i,
                    new Operand.Register(value.register()),
                    wide ? Type.B64 : own.bits() == 16 ? Type.B16 : Type.B32);
            if (wide) {
                e.code.loadConstant(8 * (int) value.offset()).lushr().l2i();
            } else {
                e.code.loadConstant(8 * (int) value.offset()).iushr();
            }
            e.narrow(type);
            e.bits(TypeKind.INT, RegisterKinds.of(type));
        }
        e.pop(i, i.operand(0), type);
    }

    private static void loadGeneric(Emitter e, Instruction i, Place place, int offset, Operand target) {
        Type type = i.type();
        e.code.aload(e.block).iload(e.localBase);
        pushLong(e, new Place(place.space(), place.register(), place.symbol(), place.constant() + offset));
        e.code.loadConstant(type.bytes());
        e.call(
                GenericAccess.class,
                "get",
                MethodTypeDesc.of(
                        ConstantDescs.CD_long,
                        Emitter.BLOCK,
                        ConstantDescs.CD_int,
                        ConstantDescs.CD_long,
                        ConstantDescs.CD_int));
        if (type.bits() < 64) {
            e.code.l2i();
        }
        e.narrow(type);
        e.bits(type.bits() == 64 ? TypeKind.LONG : TypeKind.INT, RegisterKinds.of(type));
        e.pop(i, target, type);
    }

    private static void loadWords(Emitter e, Instruction i, Place place, List<Operand> targets, int bytes) {
        Type type = i.type();
        if (type.bytes() < 4) {
            for (int n = 0; n < targets.size(); n++) {
                pushWords(e, place.space());
                pushByteIndex(e, at(place, n * type.bytes()));
                boolean single = type.bytes() == 1;
                e.call(
                        WordAccess.class,
                        single ? "getByte" : "getShort",
                        MethodTypeDesc.of(
                                single ? ConstantDescs.CD_byte : ConstantDescs.CD_short,
                                Emitter.INTS,
                                ConstantDescs.CD_int));
                e.narrow(type);
                e.pop(i, targets.get(n), type);
            }
            return;
        }
        int index = e.code.allocateLocal(TypeKind.INT);
        if (targets.size() > 1) {
            pushIndex(e, i, place, bytes);
            e.code.istore(index);
        }
        Type asBits = type.bytes() == 8 ? Type.B64 : type.isSigned() ? Type.S32 : Type.B32;
        for (int n = 0; n < targets.size(); n++) {
            pushWords(e, place.space());
            if (targets.size() > 1) {
                e.code.iload(index).loadConstant(n * type.bytes() / 4).iadd();
            } else {
                pushIndex(e, i, place, bytes);
            }
            if (type.bytes() == 8) {
                e.call(
                        WordAccess.class,
                        "getLong",
                        MethodTypeDesc.of(ConstantDescs.CD_long, Emitter.INTS, ConstantDescs.CD_int));
            } else {
                e.code.iaload();
            }
            e.pop(i, targets.get(n), asBits);
        }
    }

    private static void loadGlobal(Emitter e, Instruction i, Place place, List<Operand> targets, int bytes) {
        pushNative(e, place, bytes);
        int at = e.code.allocateLocal(TypeKind.LONG);
        e.code.lstore(at);
        for (int n = 0; n < targets.size(); n++) {
            pushAt(e, at, n * i.type().bytes());
            Type type = asRegister(e, targets.get(n), i.type());
            getGlobal(e, type);
            e.pop(i, targets.get(n), type);
        }
        fence(e, i);
    }

    private static void pushAt(Emitter e, int at, int offset) {
        e.code.lload(at);
        if (offset != 0) {
            e.code.loadConstant((long) offset).ladd();
        }
    }

    private static void getGlobal(Emitter e, Type type) {
        switch (type.bytes()) {
            case 1 -> {
                e.call(GlobalAccess.class, "getByte", MethodTypeDesc.of(ConstantDescs.CD_byte, ConstantDescs.CD_long));
                e.narrow(type);
            }
            case 2 -> {
                e.call(
                        GlobalAccess.class,
                        "getShort",
                        MethodTypeDesc.of(ConstantDescs.CD_short, ConstantDescs.CD_long));
                e.narrow(type);
            }
            default -> {
                TypeKind kind = RegisterKinds.of(type);
                e.call(GlobalAccess.class, "get" + word(kind), kind, TypeKind.LONG);
            }
        }
    }

    // Stores

    private static void store(Emitter e, Instruction i) {
        Type type = i.type();
        if (i.operand(0) instanceof Operand.ParameterValue value) {
            if (value.offset() != 0 || i.operand(1) instanceof Operand.Vector) {
                throw e.refusal(
                        i,
                        "unsupported access to a parameter of ."
                                + e.type(value.register()).ptxName());
            }
            e.pushWide(i, i.operand(1), type);
            e.popRegister(i, value.register(), type);
            return;
        }
        Place place = place(e, i, i.operand(0));
        List<Operand> sources = elements(e, i, i.operand(1));
        int bytes = type.bytes() * sources.size();
        if (place.space() == Space.GENERIC) {
            for (int n = 0; n < sources.size(); n++) {
                storeGeneric(e, i, place, n * type.bytes(), sources.get(n));
            }
        } else if (place.isWords()) {
            storeWords(e, i, place, sources, bytes);
        } else {
            storeGlobal(e, i, place, sources, bytes);
        }
    }

    private static void storeGeneric(Emitter e, Instruction i, Place place, int offset, Operand source) {
        Type type = i.type();
        e.code.aload(e.block).iload(e.localBase);
        pushLong(e, at(place, offset));
        e.code.loadConstant(type.bytes());
        e.pushWide(i, source, asBits(type));
        if (type.bits() < 64) {
            e.code.i2l();
        }
        e.call(
                GenericAccess.class,
                "put",
                MethodTypeDesc.of(
                        ConstantDescs.CD_void,
                        Emitter.BLOCK,
                        ConstantDescs.CD_int,
                        ConstantDescs.CD_long,
                        ConstantDescs.CD_int,
                        ConstantDescs.CD_long));
    }

    private static void storeWords(Emitter e, Instruction i, Place place, List<Operand> sources, int bytes) {
        Type type = i.type();
        if (place.space() == Space.PARAM) {
            throw e.refusal(i, "unsupported: a kernel's parameters are constant");
        }
        int index = e.code.allocateLocal(TypeKind.INT);
        if (sources.size() > 1 && type.bytes() >= 4) {
            pushIndex(e, i, place, bytes);
            e.code.istore(index);
        }
        for (int n = 0; n < sources.size(); n++) {
            pushWords(e, place.space());
            if (type.bytes() < 4) {
                pushByteIndex(e, at(place, n * type.bytes()));
            } else if (sources.size() > 1) {
                e.code.iload(index).loadConstant(n * type.bytes() / 4).iadd();
            } else {
                pushIndex(e, i, place, bytes);
            }
            e.pushWide(i, sources.get(n), asBits(type));
            switch (type.bytes()) {
                case 1 -> putWord(e, "putByte", ConstantDescs.CD_byte);
                case 2 -> putWord(e, "putShort", ConstantDescs.CD_short);
                case 4 -> e.code.iastore();
                default -> putWord(e, "putLong", ConstantDescs.CD_long);
            }
        }
    }

    private static void putWord(Emitter e, String name, ClassDesc value) {
        if (value.equals(ConstantDescs.CD_byte)) {
            e.code.i2b();
        } else if (value.equals(ConstantDescs.CD_short)) {
            e.code.i2s();
        }
        e.call(
                WordAccess.class,
                name,
                MethodTypeDesc.of(ConstantDescs.CD_void, Emitter.INTS, ConstantDescs.CD_int, value));
    }

    private static void storeGlobal(Emitter e, Instruction i, Place place, List<Operand> sources, int bytes) {
        fence(e, i);
        pushNative(e, place, bytes);
        int at = e.code.allocateLocal(TypeKind.LONG);
        e.code.lstore(at);
        for (int n = 0; n < sources.size(); n++) {
            Type type = asRegister(e, sources.get(n), i.type());
            pushAt(e, at, n * type.bytes());
            e.pushWide(i, sources.get(n), type);
            switch (type.bytes()) {
                case 1 -> {
                    e.code.i2b();
                    put(e, "Byte", ConstantDescs.CD_byte);
                }
                case 2 -> {
                    e.code.i2s();
                    put(e, "Short", ConstantDescs.CD_short);
                }
                default -> {
                    TypeKind kind = RegisterKinds.of(type);
                    put(e, word(kind), kind.upperBound());
                }
            }
        }
        fence(e, i);
    }

    private static void put(Emitter e, String word, ClassDesc value) {
        e.call(
                GlobalAccess.class,
                "put" + word,
                MethodTypeDesc.of(ConstantDescs.CD_void, ConstantDescs.CD_long, value));
    }

    // Types

    private static Place at(Place place, int offset) {
        return new Place(place.space(), place.register(), place.symbol(), place.constant() + offset);
    }

    private static List<Operand> elements(Emitter e, Instruction i, Operand operand) {
        List<Operand> elements = operand instanceof Operand.Vector vector ? vector.elements() : List.of(operand);
        if (elements.size() != i.vectorLength()) {
            throw e.refusal(i, elements.size() + " elements");
        }
        return elements;
    }

    /** The type of the same width that needs no conversion for the register. */
    private static Type asRegister(Emitter e, Operand operand, Type type) {
        @Nullable TypeKind kind = operand instanceof Operand.Register register ? e.kind(register.index()) : null;
        if (type.bits() == 32 && kind != null && !Emitter.isLong(kind)) {
            return kind == TypeKind.FLOAT ? Type.F32 : type.isFloat() ? Type.B32 : type;
        }
        if (type.bits() == 64 && kind != null) {
            return kind == TypeKind.DOUBLE ? Type.F64 : type.isFloat() ? Type.B64 : type;
        }
        return type;
    }

    private static Type asBits(Type type) {
        return switch (type.bytes()) {
            case 1 -> Type.B8;
            case 2 -> Type.B16;
            case 4 -> Type.B32;
            default -> Type.B64;
        };
    }

    private static void fence(Emitter e, Instruction i) {
        if (!i.oneOf("volatile", "acquire", "release", "relaxed").isEmpty()) {
            e.call(GlobalAccess.class, "fence", MethodTypeDesc.of(ConstantDescs.CD_void));
        }
    }

    private static String word(TypeKind kind) {
        return switch (kind) {
            case LONG -> "Long";
            case FLOAT -> "Float";
            case DOUBLE -> "Double";
            default -> "Int";
        };
    }
}
