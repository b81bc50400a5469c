"""TensorBoard logs of a training: losses, the watched metric, seconds and speed by epoch."""

from __future__ import annotations

from pathlib import Path

import tensorflow as tf

from sess.runtime.train.history import Epoch, Watch


class Logs:
    """Event files in a folder; they hold clocks, so nothing is computed from them."""

    def __init__(self, folder: Path) -> None:
        self._writer = tf.summary.create_file_writer(str(folder))
        # tf.summary.scalar wants the tensorboard package; these few bytes are all it adds.
        summary = tf.compat.v1.SummaryMetadata
        self._metadata = summary(plugin_data=summary.PluginData(plugin_name="scalars"), data_class="DATA_CLASS_SCALAR")

    def write(self, epoch: Epoch, watch: Watch | None, *, seconds: float, sessions: int, rate: float) -> None:
        """Add one epoch."""
        with self._writer.as_default(step=epoch.number):
            self._scalar("train/loss", epoch.loss)
            for head, loss in epoch.losses.items():
                self._scalar(f"train/loss/{head}", loss)
            if watch is not None and epoch.watched is not None:
                self._scalar(f"valid/{watch.metric}", epoch.watched)
            self._scalar("train/learning_rate", rate)
            self._scalar("speed/seconds", seconds)
            self._scalar("speed/sessions_per_second", sessions / max(seconds, 1e-9))
        self._writer.flush()

    def close(self) -> None:
        """Close the files."""
        self._writer.close()

    def _scalar(self, tag: str, value: float) -> None:
        tf.summary.write(tag, tf.constant(value, tf.float32), metadata=self._metadata)
