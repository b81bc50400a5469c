"""The operations that a served SavedModel may hold: pure functions of tensors, and the reading of its own weights.

A graph is code. Lists of what is forbidden miss operations (`ImmutableConst` has no state and maps any file into
memory), so this one names what is allowed; what isn't on it is refused before TensorFlow, which isn't needed here,
could load it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from pathlib import Path

from sess.compiler.failures import RunFailed
from sess.runtime.trust.protobuf import Malformed, children, text

ALLOWED = frozenset(
    re.findall(
        r"\w+",
        """
        Const Identity IdentityN NoOp Placeholder PlaceholderWithDefault StopGradient PreventGradient EnsureShape
        VarHandleOp ReadVariableOp DisableCopyOnRead ResourceGather ResourceGatherNd VarIsInitializedOp VariableShape
        PartitionedCall StatefulPartitionedCall StatelessIf StatelessWhile StatelessCase If While Case Switch Merge
        Enter Exit NextIteration LoopCond Assert
        TensorListConcatV2 TensorListElementShape TensorListFromTensor TensorListGather TensorListGetItem
        TensorListLength TensorListPopBack TensorListPushBack TensorListReserve TensorListResize TensorListScatterV2
        TensorListSetItem TensorListSplit TensorListStack EmptyTensorList
        Abs Acos Acosh Add AddN AddV2 Angle ApproximateEqual Asin Asinh Atan Atan2 Atanh Betainc Cast Ceil ClipByValue
        Complex ComplexAbs Conj Cos Cosh Cross Cumprod Cumsum CumulativeLogsumexp Digamma Div DivNoNan Erf Erfc Erfinv
        Exp Expm1 Floor FloorDiv FloorMod Igamma Igammac Imag Inv Invert Lgamma Log Log1p LogicalAnd LogicalNot
        LogicalOr Maximum Minimum Mod Mul MulNoNan Ndtri Neg NextAfter Polygamma Pow Real RealDiv Reciprocal Rint
        Round Rsqrt Sign Sin Sinh Softplus Softsign Sqrt Square SquaredDifference Sub Tan Tanh TruncateDiv TruncateMod
        Xdivy Xlog1py Xlogy Zeta
        BitwiseAnd BitwiseOr BitwiseXor LeftShift RightShift PopulationCount Bitcast
        Equal NotEqual Greater GreaterEqual Less LessEqual IsFinite IsInf IsNan Select SelectV2 Where
        All Any ArgMax ArgMin EuclideanNorm L2Loss Max Mean Min Prod Sum InTopKV2 TopKV2 NthElement Unique UniqueV2
        UniqueWithCounts UniqueWithCountsV2 LowerBound UpperBound Bincount DenseBincount Bucketize HistogramFixedWidth
        SegmentMax SegmentMean SegmentMin SegmentProd SegmentSum UnsortedSegmentMax UnsortedSegmentMin
        UnsortedSegmentProd UnsortedSegmentSum SparseSegmentMean SparseSegmentSqrtN SparseSegmentSum ListDiff SetSize
        DenseToDenseSetOperation
        BroadcastArgs BroadcastTo Concat ConcatV2 ConcatOffset ConjugateTranspose Diag DiagPart DynamicPartition
        DynamicStitch ParallelDynamicStitch ExpandDims Fill Gather GatherNd GatherV2 InvertPermutation LinSpace
        MirrorPad OneHot OnesLike Pack Pad PadV2 Range Rank Reshape Reverse ReverseSequence ReverseV2 Roll ScatterNd
        Shape ShapeN Size Slice Split SplitV Squeeze StridedSlice TensorScatterAdd TensorScatterMax TensorScatterMin
        TensorScatterSub TensorScatterUpdate TensorStridedSliceUpdate Tile Transpose Unpack UnravelIndex ZerosLike
        RaggedRange RaggedTensorToTensor RaggedGather RaggedTensorToSparse SparseToDense SparseTensorDenseMatMul
        BatchMatMul BatchMatMulV2 BatchMatMulV3 Einsum MatMul MatrixBandPart MatrixDiagPartV3 MatrixDiagV3
        MatrixSetDiagV3 MatrixInverse MatrixDeterminant MatrixSolve MatrixTriangularSolve Cholesky Qr Svd
        SelfAdjointEigV2
        BiasAdd Elu LeakyRelu Relu Relu6 Selu Sigmoid Softmax LogSoftmax AvgPool AvgPool3D MaxPool MaxPool3D MaxPoolV2
        Conv Conv2D Conv3D DepthwiseConv2dNative FusedBatchNormV3 BatchToSpaceND SpaceToBatchND DepthToSpace
        SpaceToDepth
        BatchFFT BatchIFFT FFT FFT2D FFT3D FFTND IFFT IFFT2D IFFT3D IFFTND IRFFT IRFFT2D IRFFTND RFFT RFFT2D RFFTND
        StatelessRandomUniform StatelessRandomUniformV2 StatelessRandomNormal StatelessRandomNormalV2
        StatelessRandomUniformIntV2 StatelessRandomUniformInt StatelessRandomGetKeyCounter StatelessRandomGetAlg
        StatelessTruncatedNormalV2
        CudnnRNN CudnnRNNV2 CudnnRNNV3 CudnnRNNCanonicalToParamsV2
        """,
    )
)
# What saves and restores weights names files: it may stand only in functions that TensorFlow's own saver calls.
SAVER = frozenset(
    {
        "AssignVariableOp", "MergeV2Checkpoints", "RestoreV2", "SaveV2", "ShardedFilename", "StaticRegexFullMatch",
        "StringJoin",
    }
)  # fmt: skip
_SAVER = re.compile(r"__inference__traced_(save|restore)_\d+")
# No operation of TensorFlow begins so, therefore no function can pass for one.
_OWN = re.compile(r"(__|[a-z]).*", re.DOTALL)

# Numbers of fields: SavedModel, MetaGraphDef, GraphDef, FunctionDefLibrary, FunctionDef, OpDef, NodeDef.
META_GRAPHS, GRAPH, SIGNATURES, OBJECTS = 2, 2, 5, 7
GRAPH_NODES, LIBRARY, FUNCTIONS = 1, 2, 1
SIGNATURE, FUNCTION_NODES = 1, 3
NAME, OP, INPUTS, ATTRIBUTES = 1, 2, 3, 5
KEY, VALUE = 1, 2  # of an entry of a map
CONCRETE_FUNCTIONS = 2  # of SavedObjectGraph
LIST, FUNCTION, FUNCTIONS_OF_LIST = 1, 10, 9  # of AttrValue


@dataclass(frozen=True, slots=True)
class Node:
    """An operation of a graph, what it reads, and the functions that it may call."""

    name: str
    op: str
    inputs: tuple[str, ...]
    calls: tuple[str, ...]


def check_saved_model(path: Path) -> None:
    """Raise RunFailed if `saved_model.pb` holds an operation that isn't allowed where it stands."""
    try:
        for meta in children(memoryview(path.read_bytes()), META_GRAPHS):
            _check_graph(meta, path)
    except Malformed as error:
        raise RunFailed(f"`{path}` is no SavedModel: {error}", "compile it again") from None


def _check_graph(meta: memoryview, path: Path) -> None:
    top: list[Node] = []
    functions: dict[str, list[Node]] = {}
    for graph in children(meta, GRAPH):
        top += [_node(node) for node in children(graph, GRAPH_NODES)]
        for library in children(graph, LIBRARY):
            for function in children(library, FUNCTIONS):
                name = "".join(text(signature, NAME) for signature in children(function, SIGNATURE))
                if name in functions or not _OWN.fullmatch(name):
                    raise _refused(path, f"a function called `{name[:80]}`")
                functions[name] = [_node(node) for node in children(function, FUNCTION_NODES)]
    savers = {name for name in functions if _SAVER.fullmatch(name)}
    _check_nodes(top, ALLOWED | functions.keys(), path)
    for name, nodes in functions.items():
        _check_nodes(nodes, ALLOWED | functions.keys() | (SAVER if name in savers else frozenset()), path)
    _check_callers(meta, top, functions, savers, path)


def _check_nodes(nodes: Iterable[Node], allowed: frozenset[str], path: Path) -> None:
    for node in nodes:
        if node.op not in allowed:
            raise _refused(path, f"the operation `{node.op[:80]}`")


def _check_callers(
    meta: memoryview, top: Iterable[Node], functions: Mapping[str, Iterable[Node]], savers: Set[str], path: Path
) -> None:
    """Refuse a saver that a signature, a function or Python would run: it is for TensorFlow's loader alone."""
    listed = [text(each, KEY) for objects in children(meta, OBJECTS) for each in children(objects, CONCRETE_FUNCTIONS)]
    inner = [node for nodes in functions.values() for node in nodes]
    by_name = {node.name: node for node in top}
    left = [name for entry in children(meta, SIGNATURES) for name in _tensors(entry)]
    reached: set[str] = set()
    while left:
        name = left.pop().removeprefix("^").partition(":")[0]
        if name in by_name and name not in reached:
            reached.add(name)
            left += by_name[name].inputs
    asked = [by_name[name] for name in sorted(reached)]
    called = {call for node in (*inner, *asked) for call in (node.op, *node.calls)}
    if savers & (called | set(listed)):
        raise _refused(path, "a signature or function that reads or writes files")


def _tensors(signature: memoryview) -> Iterator[str]:
    """Give the names of the tensors of an entry of `signature_def`: inputs and outputs are maps to TensorInfo."""
    for found in children(signature, VALUE):
        for number in (1, 2):
            for entry in children(found, number):
                yield from (text(each, NAME) for each in children(entry, VALUE))


def _node(node: memoryview) -> Node:
    calls = [name for entry in children(node, ATTRIBUTES) for name in _functions_of(entry)]
    inputs = tuple(bytes(each).decode("utf-8", "surrogateescape") for each in children(node, INPUTS))
    return Node(text(node, NAME), text(node, OP), inputs, tuple(calls))


def _functions_of(entry: memoryview) -> Iterator[str]:
    """Give the names of functions in an entry of a node's attributes."""
    for value in children(entry, VALUE):
        yield from (text(each, NAME) for each in children(value, FUNCTION))
        for values in children(value, LIST):
            yield from (text(each, NAME) for each in children(values, FUNCTIONS_OF_LIST))


def _refused(path: Path, what: str) -> RunFailed:
    helps = (
        "serve only what `sess compile` made; what a new block needs is added to `sess.runtime.trust.tensorflow_ops`"
    )
    return RunFailed(f"`{path}` holds {what}, which a served model may not", helps)
