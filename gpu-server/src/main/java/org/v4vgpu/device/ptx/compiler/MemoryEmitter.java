package org.v4vgpu.device.ptx.compiler;

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

/** ld and st, by the space of their {@link Place}. Source: PTX ISA 9.7.9.8 and 9.7.9.11. */
final class MemoryEmitter {
    private MemoryEmitter() {}

    static void emit(Emitter e, Instruction i) {
        if (i.opcode().equals("st")) {
            store(e, i);
        } else {
            load(e, i);
        }
    }

    // Loads

    private static void load(Emitter e, Instruction i) {
        if (i.operand(1) instanceof Operand.ParameterValue value) {
            loadParameter(e, i, value);
            return;
        }
        Place place = Place.of(e, i, i.operand(1));
        List<Operand> targets = elements(e, i, i.operand(0));
        Type type = i.type();
        int bytes = type.bytes() * targets.size();
        if (place.space() == Space.GENERIC) {
            int at = genericAddress(e, place, targets.size(), bytes);
            for (int n = 0; n < targets.size(); n++) {
                loadGeneric(e, i, at, n * type.bytes(), targets.get(n));
            }
            fence(e, i);
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

    /**
     * Computes an address before its elements are moved, since the first of them may go to the register that holds it.
     *
     * @return the local variable that holds it
     */
    private static int genericAddress(Emitter e, Place place, int elements, int bytes) {
        int at = e.code.allocateLocal(TypeKind.LONG);
        place.pushLong(e);
        e.code.lstore(at);
        if (elements > 1) {
            e.code.lload(at).loadConstant(bytes);
            e.call(WordAccess.class, "requireAligned", TypeKind.VOID, TypeKind.LONG, TypeKind.INT);
        }
        return at;
    }

    /** The same for elements of less than a word. */
    private static int wordAddress(Emitter e, Place place, int elements, int bytes) {
        int at = e.code.allocateLocal(TypeKind.INT);
        place.pushInt(e);
        e.code.istore(at);
        if (elements > 1) {
            e.code.iload(at).i2l().loadConstant(bytes);
            e.call(WordAccess.class, "requireAligned", TypeKind.VOID, TypeKind.LONG, TypeKind.INT);
        }
        return at;
    }

    private static void loadGeneric(Emitter e, Instruction i, int at, int offset, Operand target) {
        Type type = i.type();
        e.code.aload(e.block).iload(e.localBase);
        pushAt(e, at, offset);
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
            int at = wordAddress(e, place, targets.size(), bytes);
            for (int n = 0; n < targets.size(); n++) {
                place.pushWords(e);
                pushByteIndex(e, place, at, n * type.bytes());
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
            place.pushIndex(e, i, bytes);
            e.code.istore(index);
        }
        Type asBits = type.bytes() == 8 ? Type.B64 : type.isSigned() ? Type.S32 : Type.B32;
        for (int n = 0; n < targets.size(); n++) {
            place.pushWords(e);
            if (targets.size() > 1) {
                e.code.iload(index).loadConstant(n * type.bytes() / 4).iadd();
            } else {
                place.pushIndex(e, i, bytes);
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
        place.pushNative(e, bytes);
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

    private static void pushByteIndex(Emitter e, Place place, int at, int offset) {
        e.code.iload(at);
        if (offset != 0) {
            e.code.loadConstant(offset).iadd();
        }
        if (place.space() == Space.LOCAL) {
            e.code.iload(e.localBase).iconst_2().ishl().iadd();
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
        Place place = Place.of(e, i, i.operand(0));
        List<Operand> sources = elements(e, i, i.operand(1));
        int bytes = type.bytes() * sources.size();
        if (place.space() == Space.GENERIC) {
            fence(e, i);
            int at = genericAddress(e, place, sources.size(), bytes);
            for (int n = 0; n < sources.size(); n++) {
                storeGeneric(e, i, at, n * type.bytes(), sources.get(n));
            }
            fence(e, i);
        } else if (place.isWords()) {
            storeWords(e, i, place, sources, bytes);
        } else {
            storeGlobal(e, i, place, sources, bytes);
        }
    }

    private static void storeGeneric(Emitter e, Instruction i, int at, int offset, Operand source) {
        Type type = i.type();
        e.code.aload(e.block).iload(e.localBase);
        pushAt(e, at, offset);
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
        int address = type.bytes() < 4 ? wordAddress(e, place, sources.size(), bytes) : -1;
        int index = e.code.allocateLocal(TypeKind.INT);
        if (sources.size() > 1 && type.bytes() >= 4) {
            place.pushIndex(e, i, bytes);
            e.code.istore(index);
        }
        for (int n = 0; n < sources.size(); n++) {
            place.pushWords(e);
            if (type.bytes() < 4) {
                pushByteIndex(e, place, address, n * type.bytes());
            } else if (sources.size() > 1) {
                e.code.iload(index).loadConstant(n * type.bytes() / 4).iadd();
            } else {
                place.pushIndex(e, i, bytes);
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
        place.pushNative(e, bytes);
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
        if (!i.oneOf("volatile", "acquire", "release", "relaxed", "cv").isEmpty()) {
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
