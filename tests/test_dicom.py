"""DICOM files: their pixels as pictures, and nothing of their tags."""

import builtins
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from test_readers import table

from personas.cases.case import develop
from personas.cases.reading import read_cases
from personas.errors import Unreadable
from personas.photos.album import Album, open_photo
from personas.seeds import derive

SHARED = Path(__file__).parents[2] / "shared" / "data" / "images" / "dicom_pydicom"
real = pytest.mark.skipif(not SHARED.is_dir(), reason=f"needs the real data at {SHARED}")
RAMP = np.arange(0, 4096, 4, dtype=np.uint16).reshape(32, 32)


def write(path: Path, pixels: np.ndarray, frames: int = 1, **tags: object) -> Path:
    """Write a radiograph of these 12-bit pixels, whose tags name a patient."""
    pydicom = pytest.importorskip("pydicom", reason="needs the extra dicom (pydicom)")
    dataset = pydicom.Dataset()
    dataset.file_meta = pydicom.dataset.FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    dataset.file_meta.MediaStorageSOPClassUID = pydicom.uid.DigitalXRayImageStorageForPresentation
    dataset.file_meta.MediaStorageSOPInstanceUID = "1.2.3"
    dataset.SOPClassUID, dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPClassUID, "1.2.3"
    dataset.PatientName, dataset.PatientID, dataset.Modality = "Alder^Ada", "4711", "DX"
    dataset.Rows, dataset.Columns = pixels.shape[-2:] if pixels.ndim < 4 else pixels.shape[1:3]
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 16, 12, 11, 0
    if frames > 1:
        dataset.NumberOfFrames = frames
    dataset.PixelData = pixels.tobytes()
    for name, value in tags.items():
        setattr(dataset, name, value)
    path.parent.mkdir(parents=True, exist_ok=True)
    dataset.save_as(path, enforce_file_format=True)
    return path


def shown(path: Path) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(open_photo(path).data)))


def test_a_window_decides_what_is_black_and_what_is_white(tmp_path):
    grey = shown(write(tmp_path / "a.dcm", RAMP, WindowCenter=2048, WindowWidth=1024))
    assert grey.dtype == np.uint8
    assert (grey[RAMP <= 1530] == 0).all()
    assert (grey[RAMP >= 2564] == 255).all()
    assert abs(int(grey[RAMP == 2048][0]) - 128) <= 1


def test_the_first_of_several_windows_counts(tmp_path):
    one = shown(write(tmp_path / "a.dcm", RAMP, WindowCenter=[1000, 3000], WindowWidth=[400, 400]))
    other = shown(write(tmp_path / "b.dcm", RAMP, WindowCenter=1000, WindowWidth=400))
    assert (one == other).all()


def test_values_are_rescaled_before_they_are_windowed(tmp_path):
    tags = {"RescaleSlope": 2, "RescaleIntercept": -1024, "WindowCenter": 1024, "WindowWidth": 2048}
    grey = shown(write(tmp_path / "a.dcm", RAMP, **tags))
    assert (grey[RAMP <= 510] == 0).all()
    assert (grey[RAMP >= 1540] == 255).all()


def test_without_a_window_the_picture_uses_all_of_the_light(tmp_path):
    grey = shown(write(tmp_path / "a.dcm", RAMP))
    assert (int(grey.min()), int(grey.max())) == (0, 255)
    assert (shown(write(tmp_path / "b.dcm", np.full((32, 32), 900, np.uint16))) == 0).all()


def test_monochrome1_is_turned_so_that_bone_is_white(tmp_path):
    plain = shown(write(tmp_path / "a.dcm", RAMP))
    turned = shown(write(tmp_path / "b.dcm", RAMP, PhotometricInterpretation="MONOCHROME1"))
    assert (turned == 255 - plain).all()


def test_of_several_frames_the_middle_one_is_shown(tmp_path):
    frames = np.stack([RAMP * 0, RAMP, RAMP * 0])
    assert (
        shown(write(tmp_path / "a.dcm", frames, frames=3)) == shown(write(tmp_path / "b.dcm", RAMP))
    ).all()


def test_a_colour_picture_stays_in_colour(tmp_path):
    pixels = derive("dicom").integers(0, 255, (1, 32, 32, 3), dtype=np.uint8)
    tags = {"SamplesPerPixel": 3, "PhotometricInterpretation": "RGB", "PlanarConfiguration": 0}
    tags |= {"BitsAllocated": 8, "BitsStored": 8, "HighBit": 7}
    assert (shown(write(tmp_path / "a.dcm", pixels, **tags)) == pixels[0]).all()


def test_no_tag_leaves_with_the_picture(tmp_path):
    path = write(tmp_path / "a.dcm", RAMP)
    assert b"Alder" in path.read_bytes()
    data = open_photo(path).data
    assert b"Alder" not in data
    assert b"4711" not in data


def test_a_file_that_may_have_a_name_burnt_in_is_refused_unless_it_says_it_has_none(tmp_path):
    for tags in ({"BurnedInAnnotation": "YES"}, {"Modality": "US"}, {"ConversionType": "WSD"}):
        with pytest.raises(Unreadable, match="burnt into its pixels"):
            open_photo(write(tmp_path / "a.dcm", RAMP, **tags))
    assert open_photo(write(tmp_path / "a.dcm", RAMP, Modality="US", BurnedInAnnotation="NO"))


def test_a_file_without_suffix_is_known_by_its_content_and_one_with_a_wrong_one_refused(tmp_path):
    write(tmp_path / "IM0001", RAMP)
    assert shown(tmp_path / "IM0001").shape == (32, 32)
    write(tmp_path / "a.png", RAMP)
    with pytest.raises(Unreadable, match=r"named \.png but holds DICOM"):
        open_photo(tmp_path / "a.png")


def test_what_only_claims_to_be_dicom_is_refused(tmp_path):
    pytest.importorskip("pydicom", reason="needs the extra dicom (pydicom)")
    for data in (b"", b"<html>", bytes(4000)):
        (tmp_path / "a.dcm").write_bytes(data)
        with pytest.raises(Unreadable, match=r"a\.dcm: is (not DICOM|DICOM without a picture)"):
            open_photo(tmp_path / "a.dcm")


def test_a_file_cut_off_anywhere_is_refused(tmp_path):
    path = write(tmp_path / "a.dcm", RAMP)
    data = path.read_bytes()
    for share in (0.1, 0.2, 0.4, 0.6, 0.9, 0.99):
        path.write_bytes(data[: int(len(data) * share)])
        with pytest.raises(Unreadable, match=r"a\.dcm"):
            open_photo(path)


def test_a_picture_too_large_or_too_small_is_refused_before_it_is_decoded(tmp_path):
    with pytest.raises(Unreadable, match="40 megapixels"):
        open_photo(write(tmp_path / "a.dcm", RAMP, Rows=10000, Columns=10000))
    with pytest.raises(Unreadable, match="is 1 x 1 px"):
        open_photo(write(tmp_path / "b.dcm", RAMP[:1, :1]))


def test_without_pydicom_the_extra_is_named(tmp_path, monkeypatch):
    path = write(tmp_path / "a.dcm", RAMP)
    there = builtins.__import__

    def without(name: str, *rest: object) -> object:
        if name.startswith("pydicom"):
            raise ImportError(name)
        return there(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(Unreadable, match=r"Install the extra: pip install -e '\.\[dicom\]'"):
        open_photo(path)


def test_a_folder_of_dicom_files_is_read_by_a_map_like_any_other(tmp_path):
    folder = tmp_path / "study"
    for name in ("IM0001", "1.2.840.7", "c.dcm"):
        write(folder / "series" / name, RAMP)
    table(folder / "list.csv", "file,what", "IM0001,pneumonia", "1.2.840.7,pneumonia", "c,pneumonia")
    table(
        tmp_path / "map.toml",
        'name = "Ours"\ntables = "list.csv"\nmodality = "radiograph"\n[columns]\nimage = "file"\nlabel = "what"',
    )
    cases = read_cases(folder, tmp_path / "map.toml").cases
    album = Album()
    assert [develop(case, album).photo.modality for case in cases] == ["radiograph"] * 3


@real
@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("CT_small.dcm", (128, 128)),
        ("MR_small.dcm", (64, 64)),
    ],
)
def test_the_real_files_become_pictures(name, size):
    pytest.importorskip("pydicom", reason="needs the extra dicom (pydicom)")
    image = Image.open(io.BytesIO(open_photo(SHARED / name).data))
    assert image.size == size
    low, high = image.convert("L").getextrema()
    assert high - low > 100


@real
@pytest.mark.shared
def test_run_length_coding_changes_nothing_of_a_real_picture():
    pytest.importorskip("pydicom", reason="needs the extra dicom (pydicom)")
    assert (shown(SHARED / "MR_small_RLE.dcm") == shown(SHARED / "MR_small.dcm")).all()


@real
@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("MR_truncated.dcm", "cut off or cannot be decoded"),
        ("rtplan.dcm", "without a picture .RT Plan Storage"),
    ],
)
def test_the_other_real_files_end_in_a_sentence(name, said):
    pytest.importorskip("pydicom", reason="needs the extra dicom (pydicom)")
    with pytest.raises(Unreadable, match=said):
        open_photo(SHARED / name)
