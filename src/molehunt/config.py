"""Every threshold, once: frozen models, read from TOML, checked on load.

A value stands here with its unit in the name and its source in the docstring; no other file repeats it.
"""

from __future__ import annotations

import tomllib
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from molehunt.errors import ConfigError


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class InputLimits(_Section):
    """Bounds on hostile input. Source: own choice; each is far above what real logs need."""

    line_bytes: int = Field(4 << 20, ge=1 << 10, description="longest line of a text log")
    expansion_ratio: float = Field(1000.0, ge=10, description="decompressed ÷ compressed bytes; more is a bomb")
    expansion_free_bytes: int = Field(64 << 20, ge=0, description="bytes that a file may expand to at any ratio")
    spool_bytes: int = Field(256 << 30, ge=1 << 20, description="longest standard input or decompressed file")
    reject_count: int = Field(10_000, ge=1, description="bad lines of a file up to which each reason is told apart")
    json_bytes: int = Field(1 << 30, ge=1 << 20, description="longest JSON document that is not line by line")


class TableSettings(_Section):
    """How tables of unknown origin are read; ``--map`` on the command line comes on top."""

    columns: dict[str, str] = Field(
        default_factory=dict, description="our column -> the file's, such as qname = 'QueryName'; a number counts from 1"
    )


class PcapSettings(_Section):
    """How captures are read."""

    ports: tuple[int, ...] = Field((53,), description="UDP and TCP ports that carry DNS; 5353 and 5355 are always known")
    pair_s: float = Field(30.0, gt=0, le=600, description="longest wait of a response for its query")
    retry_s: float = Field(5.0, gt=0, le=60, description="a same query within this time is a retransmission; DETECTION 2")
    open_query_count: int = Field(
        1 << 17, ge=1 << 4, le=1 << 24, description="queries that wait for a response at once; a power of two"
    )
    fragment_count: int = Field(256, ge=1, le=65536, description="IP datagrams that are put together at once")
    stream_count: int = Field(
        1 << 12, ge=1 << 4, le=1 << 20, description="TCP streams that are followed at once; a power of two"
    )
    stream_bytes: int = Field(32 << 20, ge=1 << 18, description="bytes that all TCP streams may hold")
    memory_bytes: int = Field(
        128 << 20, ge=1 << 20, description="rows of one capture that stay in memory; more go to a temporary file"
    )

    @field_validator("open_query_count", "stream_count")
    @classmethod
    def _power_of_two(cls, value: int) -> int:
        if value & (value - 1):
            raise ValueError("must be a power of two")
        return value


class SuppressionSettings(_Section):
    """When a suppression rule hides too much, and when a finding counts as grown. Source: own choice (DETECTION 4)."""

    warn_bytes_per_day: int = Field(64 << 10, ge=0, description="a rule that hides more bytes up a day than this warns")
    grown_ratio: float = Field(1.5, ge=1, description="bytes now ÷ bytes in the baseline from which a finding has grown")


class DeliverySettings(_Section):
    """How findings are sent to other systems. Source: own choice, within what the receivers document."""

    attempt_count: int = Field(6, ge=1, le=50, description="tries of one batch before it counts as undelivered")
    first_wait_s: float = Field(1.0, ge=0, le=60, description="wait before the second try; doubles with each")
    longest_wait_s: float = Field(60.0, ge=0, le=3600, description="bound of a wait, also of a Retry-After")
    timeout_s: float = Field(15.0, gt=0, le=600, description="wait for a connection or an answer")
    batch_count: int = Field(200, ge=1, le=5000, description="findings of one request")
    chat_count: int = Field(8, ge=1, le=20, description="findings shown in a chat message; Slack takes 50 blocks, Teams 28 kB")


class InformationSettings(_Section):
    """How names' information is counted and explained. Source: DETECTION 3; words_bits measured, see docs/information.md."""

    compress_bytes: int = Field(4 << 20, ge=0, description="longest text of one group's names that zlib and LZMA are tried on")
    words_bits: float = Field(4.6, gt=0, le=8, description="ordinary spelling takes at most so many bits a character of words")
    strange_ratio: float = Field(0.01, ge=0, le=0.5, description="share of characters that may lie outside an alphabet")


#: Octets from which a name is looked at for octets that no host name has: one that carries 20 bytes has more.
MARK_CHARS = 24
#: What the frame of the one tool holds that two of its names tell (OzymanDNS: ``….id-SESSION.up``).
MARK_TEXT = b".id-"
#: Registered domains of a log's only client from which others must stand behind it. One person's day has up to some hundred;
#: of the public logs of one host the largest has 404 in three days, the smallest of a resolver 637.
FORWARDER_DOMAINS = 500


#: Record types that no ordinary host asks. Source: RFC 1035 3.3.10 (NULL), RFC 6895 (private use), RFC 3445 (KEY); DETECTION 5.
RARE_TYPES = ("NULL", "PRIVATE", "KEY", "TYPE65399")


class GroupSettings(_Section):
    """What a group is and when a domain counts as rare. Source: DETECTION 2 and 3 (Paxson et al. 2013; DSN 2014)."""

    public_clients: int = Field(3, ge=2, description="a name that so many clients asked says nothing about one of them")
    rare_clients: int = Field(2, ge=1, description="a domain with at most so many clients is rare")
    rare_ratio: float = Field(0.01, ge=0, le=1, description="or with at most this share of all clients")
    retry_s: float = Field(5.0, ge=0, le=60, description="a same query within this time counts once")
    one_way_ratio: float = Field(4.0, ge=1, description="bytes one way ÷ the other from which that way carries the data")


class EarlySettings(_Section):
    """Few names that each carry much. Source: DETECTION 5, measured on 170 public captures."""

    names: int = Field(8, ge=2, description="distinct names")
    name_bytes: float = Field(20.0, gt=0, description="bytes that each of them carries, in the mean")
    new_ratio: float = Field(0.7, ge=0, le=1, description="share of names that are never repeated")
    sum_bytes: float = Field(256.0, gt=0, description="or so many bytes in all, where each name carries the least below")
    least_bytes: float = Field(8.0, gt=0, description="bytes per name for the above")
    least_ratio: float = Field(0.9, ge=0, le=1, description="share of names never repeated, for the above")
    clients: int = Field(2, ge=1, description="most clients of the domain, or else at most the sharing below")
    sharing: float = Field(1.25, ge=1, description="distinct (client, name) over distinct names of the domain")
    mark_names: int = Field(2, ge=1, description="distinct names suffice, if they hold octets that no host name has")
    heavy_names: int = Field(5, ge=2, description="distinct names suffice, if each carries the bytes below")
    heavy_bytes: float = Field(64.0, gt=0, description="bytes that each of so few names carries, in the mean")


class VolumeSettings(_Section):
    """The promise of the design: what moves is listed. Source: ARCHITECTURE, DETECTION 5; Paxson et al. 2013 (4 kB)."""

    bytes: int = Field(4096, ge=256, description="bytes up in 24 h, or in 30 d, that are always listed")
    alert_bytes: int = Field(2048, ge=256, description="bytes up that are listed if the names are new")
    new_ratio: float = Field(0.7, ge=0, le=1, description="share of names that are never repeated, for the above")


class SlowSettings(_Section):
    """A trickle over days. Source: DETECTION 5."""

    bytes: int = Field(1024, ge=128, description="bytes up within the days below")
    days: float = Field(7.0, gt=0, le=30, description="length of the window")
    clients: int = Field(2, ge=1, description="most clients of the domain")


class DownloadSettings(_Section):
    """Data in answers. Source: DETECTION 5."""

    bytes: int = Field(4096, ge=256, description="bytes down in 24 h of answers that nobody else got")
    changes: int = Field(24, ge=4, description="times a day that the answer to one name changes")
    fresh: int = Field(64, ge=12, description="where no answers are shown: new names asked for types that carry data")
    carrier_ratio: float = Field(0.8, ge=0, le=1, description="share of queries for types that carry data, for the above")
    new_ratio: float = Field(0.8, ge=0, le=1, description="share of names never repeated, for the above")


class BeaconSettings(_Section):
    """Regular gaps. Source: DETECTION 4, measured: at most 0.1 % false on exponential gaps."""

    beats: int = Field(12, ge=6, description="fewest beats")
    names: int = Field(4, ge=1, description="fewest names of the client's own, or changes of the answer to one name")
    offset: float = Field(7.0, gt=0, description="a in R > a + b n")
    slope: float = Field(0.085, ge=0, description="b in R > a + b n")
    period_s: float = Field(1.0, ge=0, description="shortest period; faster is a burst, not a beat")
    burst_ratio: float = Field(0.1, ge=0, lt=1, description="gaps below this share of the median are within a burst")


class RotationSettings(_Section):
    """One client, many domains. Source: DETECTION 5."""

    bytes: int = Field(8192, ge=512, description="bytes up in 24 h over rare domains")
    domains: int = Field(20, ge=3, description="or so many rare domains in 24 h, each with the bytes below")
    least_domains: int = Field(3, ge=2, description="fewest domains, whatever the bytes")
    name_bytes: float = Field(20.0, gt=0, description="bytes per name")
    name_chars: int = Field(28, ge=8, description="characters per name, registered domain included; shorter is not counted")


class FanInSettings(_Section):
    """One domain, many clients. Source: DETECTION 5."""

    clients: int = Field(5, ge=3, description="fewest clients")
    names: int = Field(20, ge=1, description="most names per client, in the mean")
    bytes: int = Field(128, ge=16, description="bytes over all clients")
    name_bytes: float = Field(8.0, gt=0, description="bytes per name, in the mean")
    sharing: float = Field(1.25, ge=1, description="distinct (client, name) over distinct names of the domain, at most")


class RareTypeSettings(_Section):
    """Record types that ordinary hosts do not ask. Source: DETECTION 5; RFC 1035 (NULL is experimental)."""

    queries: int = Field(3, ge=1, description="queries of such a type")


class FramedSettings(_Section):
    """Names that follow the protocol of a known tunnel. Source: own choice; the frame of OzymanDNS holds five fixed places."""

    names: int = Field(2, ge=2, description="distinct names of one session of OzymanDNS")


class LookupSettings(_Section):
    """When traffic looks like look-ups of hashes or addresses. Source: DETECTION 4; lengths of digests in hex and base32."""

    likeness: float = Field(0.8, ge=0, le=1, description="likeness from which confidence is capped at low")
    answers: int = Field(16, ge=1, description="most distinct answers")
    answer_bytes: float = Field(4.0, gt=0, description="bytes down per query; a look-up gets fewer")
    cap_bytes: int = Field(64 << 10, ge=1024, description="bytes up in a day above which nothing is capped")
    length_ratio: float = Field(0.9, gt=0, le=1, description="share of names with a label as long as a digest")
    forwarded_clients: int = Field(16, ge=1, description="clients that a forwarder is taken to stand for")
    known_days: float = Field(30.0, ge=0, description="a domain of one client, first seen so late in the log, is not capped")
    names: int = Field(3, ge=2, description="fewest names, clients of the site, or values of a counter, to tell anything by")
    key_chars: tuple[int, ...] = Field((16, 26, 32, 40, 52, 56, 64), description="lengths of a label that can be a digest")
    counter_ratio: float = Field(0.8, gt=0, le=1, description="share of names and steps from which a field counts up")


class EchoSettings(_Section):
    """When a name repeats what the same client asked elsewhere. Source: DETECTION 3 (explained bits)."""

    recent_s: int = Field(120, ge=1, le=3600, description="a name asked elsewhere within this time explains")
    names: int = Field(5, ge=2, description="distinct names of a group from which it is looked for explanations")
    recurrences: int = Field(64, ge=2, description="most names of a client that one left part explains; else it explains none")


class FamilySettings(_Section):
    """What a service of many clients looks like. Source: own choice, measured on the look-alikes of the evaluation."""

    clients: int = Field(3, ge=2, description="clients of the domain, without which it is no service")
    sharing: float = Field(1.2, ge=1, description="content delivery: distinct (client, name) over distinct names, at least")
    shared_ratio: float = Field(0.2, ge=0, le=1, description="content delivery: share of names that another client asks too")
    ttl_s: float = Field(600.0, gt=0, description="content delivery: median time that an answer lives, at most")
    own_sharing: float = Field(1.1, ge=1, description="telemetry: distinct (client, name) over distinct names, at most")
    answers: int = Field(2, ge=1, description="telemetry: distinct answers, at most")
    calls: float = Field(4.0, ge=1, description="telemetry: queries per name, at least")
    mark_chars: int = Field(8, ge=1, description="telemetry: shortest label that can tell one installation from another")
    ratio: float = Field(0.8, gt=0, le=1, description="any: share of names, queries or answers that have the look, at least")
    few: int = Field(3, ge=1, description="content delivery, mail: names or answers, at least")


class VerdictSettings(_Section):
    """From weights to words. Source: DETECTION 4; the last six are own choice, the bytes as in the promise and the cap."""

    prior: float = Field(-6.0, le=0, description="log10 odds before any evidence")
    clip: float = Field(3.0, gt=0, description="most that one group of evidence adds or takes")
    groups: int = Field(3, ge=1, description="groups that must agree for an alert")
    agree: float = Field(0.3, ge=0, description="weight from which a group agrees")
    medium: float = Field(0.0, description="score from which confidence is medium")
    high: float = Field(2.0, description="score from which confidence is high")
    clients: int = Field(10, ge=2, description="clients of the site from which a domain's share of them is evidence")
    addresses: int = Field(8, ge=2, description="addresses in answers from which their scatter is evidence")
    choices: int = Field(64, ge=2, description="repeats from which their evenness is evidence")
    tiny_bytes: float = Field(4.0, ge=0, description="bytes per name under which the number of new names is evidence instead")
    some_bytes: int = Field(4096, ge=1, description="bytes moved from which severity rises by a step")
    much_bytes: int = Field(64 << 10, ge=1, description="bytes moved from which severity rises by two")


class DetectionSettings(_Section):
    """All thresholds of the detection."""

    information: InformationSettings = InformationSettings()
    group: GroupSettings = GroupSettings()
    early: EarlySettings = EarlySettings()
    volume: VolumeSettings = VolumeSettings()
    slow: SlowSettings = SlowSettings()
    download: DownloadSettings = DownloadSettings()
    beacon: BeaconSettings = BeaconSettings()
    rotation: RotationSettings = RotationSettings()
    fan_in: FanInSettings = FanInSettings()
    rare_type: RareTypeSettings = RareTypeSettings()
    framed: FramedSettings = FramedSettings()
    lookup: LookupSettings = LookupSettings()
    echo: EchoSettings = EchoSettings()
    family: FamilySettings = FamilySettings()
    verdict: VerdictSettings = VerdictSettings()


class PublishedRule(_Section):
    """Numbers of the published rule T1071.004, as its KQL text has them; with other numbers it is another rule.

    Source: ``rules/T1071.004.kql``. The weights are own choice: the three facts that the rule looks at lift the prior odds to
    just medium, and what it calls high to just high.
    """

    qtypes: tuple[str, ...] = Field(("TXT", "NULL", "CNAME", "MX", "A", "AAAA"), description="record types it looks at")
    name_chars: int = Field(50, ge=0, description="a name with more characters is looked at")
    dots: int = Field(5, ge=0, description="or one with more dots")
    query_count: int = Field(20, ge=0, description="more queries than this are listed")
    name_count: int = Field(10, ge=0, description="if they have more distinct names than this")
    mean_chars: float = Field(40.0, ge=0, description="and more characters than this in the mean")
    high_name_count: int = Field(100, ge=0, description="more distinct names than this are high")
    high_mean_chars: float = Field(60.0, ge=0, description="if they have more characters than this in the mean")
    dense_name_count: int = Field(50, ge=0, description="or more distinct names than this")
    dense_mean_chars: float = Field(50.0, ge=0, description="if they have more characters than this in the mean")
    fact_weight: float = Field(2.0, ge=0, le=3, description="log10 odds of each of: queries, distinct names, length")
    high_weight: float = Field(1.0, ge=0, le=3, description="more log10 odds of names and of length, if it says high")


class TuneSettings(_Section):
    """What ``molehunt tune`` tries. Source: own choice; a factor of four spans what is worth turning."""

    multiples: tuple[float, ...] = Field((0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 4.0), description="of each threshold's value")
    score_steps: tuple[float, ...] = Field(
        (-3.0, -2.0, -1.5, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5, 2.0, 3.0), description="added to the score of an alert"
    )
    alerts_per_week: float = Field(1.0, gt=0, description="the alert budget")


class Config(_Section):
    """All settings of a run."""

    limits: InputLimits = InputLimits()
    pcap: PcapSettings = PcapSettings()
    table: TableSettings = TableSettings()
    suppression: SuppressionSettings = SuppressionSettings()
    tune: TuneSettings = TuneSettings()
    detection: DetectionSettings = DetectionSettings()
    delivery: DeliverySettings = DeliverySettings()
    rule: PublishedRule = PublishedRule()


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
