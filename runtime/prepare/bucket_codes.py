"""An NVTabular operator for domains with hash buckets.

NVTabular's own buckets hash a value together with its row's number, so that one value falls into many buckets; what is
served must find the bucket that training saw.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
from merlin.schema import Tags
from nvtabular.ops import ColumnSelector, Operator

from sess.runtime.prepare.values import to_raw
from sess.runtime.steps.transform import Codes


class BucketCodes(Operator):  # type: ignore[misc]  # NVTabular has no types
    """Values to codes by a vocabulary; the others share hash buckets."""

    def __init__(self, codes: Codes) -> None:
        super().__init__()
        self.codes = codes

    def transform(self, col_selector: ColumnSelector, df: pd.DataFrame) -> pd.DataFrame:
        """Return the codes of the selected columns."""
        return pd.DataFrame(
            {name: self.codes.encode(to_raw(pa.array(df[name], from_pandas=True))) for name in col_selector.names},
            index=df.index,
        )

    @property
    def output_tags(self) -> list[Tags]:
        """Codes are categories."""
        return [Tags.CATEGORICAL]

    @property
    def output_dtype(self) -> type[np.int32]:
        """Codes are int32, as Categorify's."""
        return np.int32
