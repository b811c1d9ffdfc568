"""Every threshold, once: frozen models, read from TOML, checked on load.

A value stands here with its unit in the name and its source in the docstring; no other file repeats it.
"""

from __future__ import annotations

import tomllib
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from molehunt.errors import ConfigError


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class InputLimits(_Section):
    """Bounds on hostile input. Source: own choice; each is far above what real logs need."""

    line_bytes: int = Field(4 << 20, ge=1 << 10, description="longest line of a text log")
    expansion_ratio: float = Field(1000.0, ge=10, description="decompressed ÷ compressed bytes; more is a bomb")
    expansion_free_bytes: int = Field(64 << 20, ge=0, description="bytes that a file may expand to at any ratio")


class PcapSettings(_Section):
    """How captures are read."""

    ports: tuple[int, ...] = Field((53,), description="UDP and TCP ports that carry DNS; 5353 and 5355 are always known")
    pair_s: float = Field(30.0, gt=0, le=600, description="longest wait of a response for its query")
    retry_s: float = Field(5.0, gt=0, le=60, description="a same query within this time is a retransmission; DETECTION 2")


class SuppressionSettings(_Section):
    """When a suppression rule hides too much, and when a finding counts as grown. Source: own choice (DETECTION 4)."""

    warn_bytes_per_day: int = Field(64 << 10, ge=0, description="a rule that hides more bytes up a day than this warns")
    grown_ratio: float = Field(1.5, ge=1, description="bytes now ÷ bytes in the baseline from which a finding has grown")


class Config(_Section):
    """All settings of a run."""

    limits: InputLimits = InputLimits()
    pcap: PcapSettings = PcapSettings()
    suppression: SuppressionSettings = SuppressionSettings()


def load(path: Path) -> Config:
    """Read a TOML file into a Config.

    Raises:
        ConfigError: The file cannot be read, is no TOML, or a setting is unknown or out of range.
    """
    try:
        return Config.model_validate(tomllib.loads(path.read_text("utf-8")))
    except OSError as error:
        raise ConfigError(f"cannot read the configuration: {error.strerror}", where=str(path)) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"not a TOML file: {error}", where=str(path)) from error
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        raise ConfigError(
            f"setting {name!r}: {first['msg']}", where=str(path), next_step="See them all: molehunt config show"
        ) from error
