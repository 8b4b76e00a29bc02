package org.v4vgpu.device.ptx.compiler;

import java.lang.classfile.CodeBuilder;
import java.lang.classfile.TypeKind;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;

/**
 * The vectors of one kind of register, by their names in {@code jdk.incubator.vector}: generated code alone names that module, so that
 * the device also loads where it is not there. As many vectors as a strip needs hold a register.
 */
@SuppressWarnings("ImmutableEnumChecker") // Descriptors of classes are values.
enum VectorKind {
    INT("IntVector", TypeKind.INT, 4),
    LONG("LongVector", TypeKind.LONG, 8),
    FLOAT("FloatVector", TypeKind.FLOAT, 4),
    DOUBLE("DoubleVector", TypeKind.DOUBLE, 8);

    static final String PACKAGE = "jdk.incubator.vector";
    static final ClassDesc VECTOR = ClassDesc.of(PACKAGE, "Vector");
    static final ClassDesc SPECIES = ClassDesc.of(PACKAGE, "VectorSpecies");
    static final ClassDesc OPERATORS = ClassDesc.of(PACKAGE, "VectorOperators");
    static final ClassDesc UNARY = OPERATORS.nested("Unary");
    static final ClassDesc BINARY = OPERATORS.nested("Binary");
    static final ClassDesc COMPARISON = OPERATORS.nested("Comparison");
    static final ClassDesc MASK = ClassDesc.of(PACKAGE, "VectorMask");
    static final ClassDesc CONVERSION = OPERATORS.nested("Conversion");
    private static final ClassDesc MEMORY = ClassDesc.of("java.lang.foreign", "MemorySegment");
    private static final ClassDesc ORDER = ClassDesc.of("java.nio", "ByteOrder");

    final ClassDesc type;
    final TypeKind element;
    final int bytes;

    VectorKind(String name, TypeKind element, int bytes) {
        this.type = ClassDesc.of(PACKAGE, name);
        this.element = element;
        this.bytes = bytes;
    }

    static VectorKind of(TypeKind kind) {
        return switch (kind) {
            case LONG -> LONG;
            case FLOAT -> FLOAT;
            case DOUBLE -> DOUBLE;
            default -> INT;
        };
    }

    ClassDesc array() {
        return element.upperBound().arrayType();
    }

    void species(CodeBuilder code, int bits) {
        code.getstatic(type, "SPECIES_" + bits, SPECIES);
    }

    /** (species, scalar) to a vector. */
    void broadcast(CodeBuilder code) {
        code.invokestatic(type, "broadcast", MethodTypeDesc.of(type, SPECIES, element.upperBound()));
    }

    /** (species, array, index) to a vector. */
    void fromArray(CodeBuilder code) {
        code.invokestatic(type, "fromArray", MethodTypeDesc.of(type, SPECIES, array(), ConstantDescs.CD_int));
    }

    /** (species, array, index, array of indices from there on, index in it) to a vector. */
    void gather(CodeBuilder code) {
        code.invokestatic(
                type,
                "fromArray",
                MethodTypeDesc.of(type, SPECIES, array(), ConstantDescs.CD_int, INT.array(), ConstantDescs.CD_int));
    }

    /** (vector, array, index). */
    void intoArray(CodeBuilder code) {
        code.invokevirtual(type, "intoArray", MethodTypeDesc.of(ConstantDescs.CD_void, array(), ConstantDescs.CD_int));
    }

    /** (species, segment, offset) to a vector. */
    void fromMemory(CodeBuilder code) {
        order(code);
        code.invokestatic(
                type, "fromMemorySegment", MethodTypeDesc.of(type, SPECIES, MEMORY, ConstantDescs.CD_long, ORDER));
    }

    /** (vector, segment, offset). */
    void intoMemory(CodeBuilder code) {
        order(code);
        code.invokevirtual(
                type,
                "intoMemorySegment",
                MethodTypeDesc.of(ConstantDescs.CD_void, MEMORY, ConstantDescs.CD_long, ORDER));
    }

    /** (vector, vector) to their sum and the like. */
    void binary(CodeBuilder code, String method) {
        code.invokevirtual(type, method, MethodTypeDesc.of(type, VECTOR));
    }

    void unary(CodeBuilder code, String method) {
        code.invokevirtual(type, method, MethodTypeDesc.of(type));
    }

    /** (vector, vector, vector), fused. */
    void fma(CodeBuilder code) {
        code.invokevirtual(type, "fma", MethodTypeDesc.of(type, VECTOR, VECTOR));
    }

    /** (vector, operator, vector). */
    void lanewise(CodeBuilder code) {
        code.invokevirtual(type, "lanewise", MethodTypeDesc.of(type, BINARY, VECTOR));
    }

    /** (vector, vector) to what an operator that does not heed their order gives. */
    void operate(CodeBuilder code, String operator) {
        // The operator stands between the two.
        code.getstatic(OPERATORS, operator, OPERATORS.nested("Associative")).swap();
        lanewise(code);
    }

    /** (vector) to what an operator of one operand gives. */
    void lanewiseUnary(CodeBuilder code, String operator) {
        code.getstatic(OPERATORS, operator, UNARY);
        code.invokevirtual(type, "lanewise", MethodTypeDesc.of(type, UNARY));
    }

    /** (vector of another kind) to lanes of this one, as many. */
    void convert(CodeBuilder code, String conversion) {
        code.getstatic(OPERATORS, conversion, CONVERSION).iconst_0();
        code.invokevirtual(VECTOR, "convert", MethodTypeDesc.of(VECTOR, CONVERSION, ConstantDescs.CD_int));
        code.checkcast(type);
    }

    /** (vector of another width) to one of this kind: a part of it, or into a part of this one. */
    void convertShape(CodeBuilder code, String conversion, int bits, int part) {
        code.getstatic(OPERATORS, conversion, CONVERSION);
        species(code, bits);
        code.loadConstant(part);
        code.invokevirtual(
                VECTOR, "convertShape", MethodTypeDesc.of(VECTOR, CONVERSION, SPECIES, ConstantDescs.CD_int));
        code.checkcast(type);
    }

    /** (numbers, vector, vector) to the lanes of both that have these numbers. */
    void selectFrom(CodeBuilder code) {
        code.invokevirtual(type, "selectFrom", MethodTypeDesc.of(type, VECTOR, VECTOR));
    }

    /** (vector, vector) to a mask. */
    void compare(CodeBuilder code, String operator) {
        // The operator stands between the two.
        code.getstatic(OPERATORS, operator, COMPARISON).swap();
        code.invokevirtual(type, "compare", MethodTypeDesc.of(MASK, COMPARISON, VECTOR));
    }

    /** (vector, vector, mask) to the second one's lanes where the mask is set, else the first one's. */
    void blend(CodeBuilder code) {
        code.invokevirtual(type, "blend", MethodTypeDesc.of(type, VECTOR, MASK));
    }

    /** (species, bits in a long) to a mask. */
    static void maskOfBits(CodeBuilder code) {
        code.invokestatic(MASK, "fromLong", MethodTypeDesc.of(MASK, SPECIES, ConstantDescs.CD_long));
    }

    /** (mask, species) to the same mask for lanes of another kind. */
    static void castMask(CodeBuilder code) {
        code.invokevirtual(MASK, "cast", MethodTypeDesc.of(MASK, SPECIES));
    }

    /** (mask) to bits in a long. */
    static void bitsOfMask(CodeBuilder code) {
        code.invokevirtual(MASK, "toLong", MethodTypeDesc.of(ConstantDescs.CD_long));
    }

    /** (vector, number of a lane) to that lane. */
    void lane(CodeBuilder code) {
        code.invokevirtual(type, "lane", MethodTypeDesc.of(element.upperBound(), ConstantDescs.CD_int));
    }

    /** Adds to each lane its number times a scale: (vector, scale). */
    void addIndex(CodeBuilder code) {
        code.invokevirtual(type, "addIndex", MethodTypeDesc.of(type, ConstantDescs.CD_int));
    }

    /** The same bits as lanes of another kind of the same width. */
    void reinterpretAs(CodeBuilder code, VectorKind other) {
        if (other == this) {
            return;
        }
        String name = switch (other) {
            case INT -> "reinterpretAsInts";
            case LONG -> "reinterpretAsLongs";
            case FLOAT -> "reinterpretAsFloats";
            case DOUBLE -> "reinterpretAsDoubles";
        };
        code.invokevirtual(type, name, MethodTypeDesc.of(other.type));
    }

    private static void order(CodeBuilder code) {
        code.getstatic(ORDER, "LITTLE_ENDIAN", ORDER);
    }
}
