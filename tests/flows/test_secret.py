"""The key that signs links, where no setting names one: made once, whole, and the same for everybody."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from flows import wiring
from newsletter.errors import ConfigurationError
from newsletter.settings import Settings


def test_many_who_start_at_the_same_moment_have_the_same_key(tmp_path):
    """Site, worker and a command on the first day: a link that one signs is the others' too."""
    for number in range(20):
        settings = Settings(data_dir=tmp_path / str(number))
        with ThreadPoolExecutor(8) as pool:
            keys = set(pool.map(lambda _, settings=settings: wiring.secret(settings), range(8)))
        assert len(keys) == 1
        assert len(keys.pop()) >= 43
        assert [path.name for path in settings.data_dir.iterdir()] == ["secret"]
        assert (settings.data_dir / "secret").stat().st_mode & 0o777 == 0o600


def test_an_empty_key_is_a_sentence_and_signs_nothing(tmp_path):
    """A power cut or a full disk may have left the file so; another key would end the links of every mail that left."""
    (tmp_path / "secret").write_text("\n")

    with pytest.raises(ConfigurationError, match="it is empty; bring it back from a backup"):
        wiring.secret(Settings(data_dir=tmp_path))
