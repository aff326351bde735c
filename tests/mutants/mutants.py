"""Faults that the tests have to notice: one wrong line each, beside the tests that should catch it.

``run.py`` beside this file plants each fault in a copy of the repository and runs its tests there.
``test_mutants.py`` sees that every old text is still in its file exactly once.
"""

from pathlib import Path
from typing import NamedTuple


class Mutant(NamedTuple):
    """One fault.

    Args:
        name: Unique; letters, digits and hyphens.
        fault: What goes wrong, for a reader of the table.
        file: Path below the root of the repository.
        old: Text that occurs in the file exactly once.
        new: What is put in its place.
        tests: Arguments of pytest: the tests that should fail, quick ones.
    """

    name: str
    fault: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]

    def apply(self, root: Path) -> None:
        """Plant the fault below ``root``.

        Raises:
            FileNotFoundError: There is no such file.
            ValueError: The old text is not there exactly once.
        """
        path = root / self.file
        path.write_text(self.changed(path.read_text(encoding='utf-8')), encoding='utf-8')

    def changed(self, text: str) -> str:
        """The text of the file with the fault in it.

        Raises:
            ValueError: The old text is not there exactly once, or the new one is the same.
        """
        found = text.count(self.old)
        if found != 1:
            raise ValueError(
                f'mutant {self.name}: {self.old!r} is in {self.file} {found} times, not once; '
                'correct tests/mutants/mutants.py'
            )
        if self.old == self.new:
            raise ValueError(f'mutant {self.name} changes nothing')
        return text.replace(self.old, self.new)


_LOSSES = 'mmdegrade/models/losses'
_SEGMENTORS = 'mmdegrade/models/segmentors'
_RESTORERS = 'mmdegrade/models/restorers'
_NOISE = 'mmdegrade/degradations/noise'
_GRAM_TEST = 'tests/models/test_dense_gram_loss.py'
_D2SM_TEST = 'tests/models/test_d2sm_loss.py'
_CHECKPOINT_TEST = 'tests/compat/test_checkpoint_loading.py'

DGN = (
    Mutant(
        'gram-sign',
        'sum of the Gram matrices instead of their difference',
        f'{_LOSSES}/dense_gram.py',
        'torch.baddbmm(mean_gram, flat, flat.mT, beta=-1, alpha=scale)',
        'torch.baddbmm(mean_gram, flat, flat.mT, beta=1, alpha=scale)',
        (f'{_GRAM_TEST}::test_equals_the_double_sum',),
    ),
    Mutant(
        'gram-factor',
        '1/c² instead of 1/(4c²)',
        f'{_LOSSES}/dense_gram.py',
        'return total / (4 * channels**2 * batch)',
        'return total / (channels**2 * batch)',
        (f'{_GRAM_TEST}::test_equals_the_double_sum',),
    ),
    Mutant(
        'gram-cross-term',
        'half of the cross term where pixels are fewer than channels',
        f'{_LOSSES}/dense_gram.py',
        '(source, -2) for source in wide',
        '(source, -1) for source in wide',
        (f'{_GRAM_TEST}::test_fewer_pixels_than_channels_equals_the_double_sum',),
    ),
    Mutant(
        'gram-gradient',
        'the gradient of one of the two factors of F Fᵀ',
        f'{_LOSSES}/dense_gram.py',
        'torch.bmm(difference, flat).mul_(4 * grad',
        'torch.bmm(difference, flat).mul_(2 * grad',
        (f'{_GRAM_TEST}::test_gradient_is_that_of_the_double_sum',),
    ),
    Mutant(
        'teacher-trains',
        "a frozen network follows its parent's train()",
        'mmdegrade/models/frozen.py',
        'whatever the parent does."""\n        return super().train(False)',
        'whatever the parent does."""\n        return super().train(mode)',
        ('tests/models/test_teacher.py::test_stays_in_eval_and_out_of_checkpoints',),
    ),
    Mutant(
        'teacher-in-checkpoint',
        'the frozen network is saved with the trained one',
        'mmdegrade/models/frozen.py',
        'return {} if destination is None else destination',
        'return super().state_dict(destination=destination, prefix=prefix, keep_vars=keep_vars)',
        ('tests/models/test_teacher.py::test_stays_in_eval_and_out_of_checkpoints',),
    ),
    Mutant(
        'ewc-factor',
        'λ instead of λ/2',
        'mmdegrade/engine/hooks/ewc.py',
        'self.weight / 2 * penalty',
        'self.weight * penalty',
        ('tests/engine/test_ewc.py::test_the_penalty_is_the_formula_and_its_gradient',),
    ),
    Mutant(
        'fisher-square',
        'mean absolute gradient instead of mean squared',
        'mmdegrade/apis/fisher.py',
        'gradient.square() / images',
        'gradient.abs() / images',
        ('tests/engine/test_ewc.py::test_fisher_is_the_mean_squared_gradient_of_single_clean_images',),
    ),
)  # fmt: skip

D2SM = (
    Mutant(
        'd2sm-diagonal',
        'a sample may pick itself',
        f'{_LOSSES}/d2sm.py',
        'kernel = kernel.masked_fill(itself, 0)',
        'kernel = kernel.masked_fill(itself, 1)',
        (f'{_D2SM_TEST}::test_value',),
    ),
    Mutant(
        'd2sm-direction',
        'KL(clean‖restored) instead of KL(restored‖clean)',
        f'{_LOSSES}/d2sm.py',
        "if divergence == 'kl':\n        rows = _kl(found, wanted)",
        "if divergence == 'kl':\n        rows = _kl(wanted, found)",
        (f'{_D2SM_TEST}::test_value', f'{_D2SM_TEST}::test_value_by_hand'),
    ),
    Mutant(
        'd2sm-detached',
        'no gradient reaches the restored images, as in the released code',
        f'{_LOSSES}/d2sm.py',
        'conditional_probabilities(restored.to(dtype), queues[0])',
        'conditional_probabilities(restored.detach().to(dtype), queues[0])',
        (f'{_D2SM_TEST}::test_only_restored_rows_of_the_batch_have_gradients',),
    ),
    Mutant(
        'd2sm-target-trains',
        'a gradient reaches the clean features',
        f'{_LOSSES}/d2sm.py',
        'conditional_probabilities(clean.detach().to(dtype), queues[1])',
        'conditional_probabilities(clean.to(dtype), queues[1])',
        (f'{_D2SM_TEST}::test_only_restored_rows_of_the_batch_have_gradients',),
    ),
    Mutant(
        'd2sm-empty-queue',
        'places of the queue that were never filled take part',
        f'{_LOSSES}/feature_queue.py',
        'return min(int(self.enqueued), self.size)',
        'return self.size if int(self.enqueued) else 0',
        ('tests/models/test_feature_queue.py::test_places_never_filled_are_left_out',),
    ),
    Mutant(
        'ffdnet-level',
        'FFDNet is not told the level of the noise',
        f'{_RESTORERS}/ffdnet.py',
        'level = condition.to(cells).expand(',
        'level = torch.zeros_like(condition).to(cells).expand(',
        ('tests/models/test_ffdnet.py::test_it_is_the_layer_list',),
    ),
    Mutant(
        'dncnn-residual',
        'the estimated noise is added instead of taken off',
        f'{_RESTORERS}/dncnn.py',
        'return images - self.residual(images)',
        'return images + self.residual(images)',
        ('tests/models/test_dncnn.py::test_it_is_the_layer_list',),
    ),
)

SDABN = (
    Mutant(
        'sdabn-skip',
        'a denoiser sees the mean of noisy and restored image instead of their sum',
        f'{_SEGMENTORS}/sdabn.py',
        'total = noisy if restored is None else noisy + restored',
        'total = noisy if restored is None else (noisy + restored) / 2',
        ('tests/models/test_sdabn.py::test_cascade_equals_the_formulas',),
    ),
    Mutant(
        'sdabn-concatenation',
        'noisy and restored image side by side instead of added',
        f'{_SEGMENTORS}/sdabn.py',
        'total = noisy if restored is None else noisy + restored',
        'total = noisy if restored is None else torch.cat([noisy, restored], 1)',
        ('tests/models/test_sdabn.py::test_cascade_equals_the_formulas',),
    ),
    Mutant(
        'sdabn-clipped',
        'images are clipped to [0, 1] on their way into a restorer',
        'mmdegrade/models/unit_images.py',
        'return self._swap((inputs * std + mean) / 255)',
        'return self._swap((inputs * std + mean) / 255).clamp(0, 1)',
        ('tests/models/test_sdabn.py::test_cascade_equals_the_formulas',),
    ),
    Mutant(
        'mse-half',
        'the squared error instead of half of it',
        f'{_LOSSES}/restoration_mse.py',
        'squares.sum() / (2 * len(squares))',
        'squares.sum() / len(squares)',
        ('tests/models/test_restoration_losses.py::test_sdabns_loss',),
    ),
    Mutant(
        'ddfn-dilation',
        'one convolution of the fusion block is not dilated',
        f'{_RESTORERS}/ddfn.py',
        'self.f2 = _conv(32, 8, dilation=2)',
        'self.f2 = _conv(32, 8)',
        ('tests/models/test_ddfn.py::test_it_is_the_layer_list',),
    ),
    Mutant(
        'frozen-part-bn',
        'parts that a stage does not train go into training mode (BN statistics move)',
        'mmdegrade/models/staged.py',
        'getattr(self, name).train(False)',
        'getattr(self, name).train(mode)',
        ('tests/engine/test_staged_train_loop.py::test_parts_outside_of_stages',
         'tests/engine/test_staged_train_loop.py::test_each_stage_trains_its_parts_alone'),
    ),
    Mutant(
        'stage-schedule',
        'every stage takes the schedule of the first',
        'mmdegrade/engine/loops/staged_train_loop.py',
        '        cfg = self._schedulers(stage)\n',
        "        cfg = self._common['param_scheduler']\n",
        ('tests/engine/test_staged_train_loop.py::'
         'test_each_stage_has_its_optimiser_schedule_and_data',),
    ),
    Mutant(
        'poly-power',
        "another power of the denoisers' published poly schedule",
        'configs/_base_/schedules/sdabn_cityscapes.py',
        "dict(type='PolyLR', eta_min=1e-4, power=1.5,",
        "dict(type='PolyLR', eta_min=1e-4, power=0.9,",
        ('tests/configs/test_sdabn.py::test_published_settings',),
    ),
    Mutant(
        'image-order',
        'restorers see BGR where the preprocessor leaves it',
        'mmdegrade/models/unit_images.py',
        'return images if getattr(self.preprocessor, self._conversion) else images.flip(1)',
        'return images',
        ('tests/models/test_restore_then_segment.py::test_unit_images_undo_the_preprocessor',),
    ),
    Mutant(
        'align-corners',
        'class scores are resized by the other rule',
        'mmdegrade/models/full_size.py',
        "mode='bilinear', align_corners=align, warning",
        "mode='bilinear', align_corners=not align, warning",
        ('tests/models/test_full_size.py::test_as_the_networks_own_prediction',),
    ),
)  # fmt: skip

FIDELITY = (
    Mutant(
        'fidelity-constants',
        'σ² divided by n instead of n²',
        'mmdegrade/models/fidelity/fidelity_map.py',
        '(2 * (len(levels) + 1) ** 2)',
        '(2 * (len(levels) + 1))',
        ('tests/models/test_fidelity_map.py::test_published_constants',),
    ),
    Mutant(
        'fidelity-sign',
        'fidelity grows with the error',
        'mmdegrade/models/fidelity/fidelity_map.py',
        'values = 1 - (values - self.mean) / self.std',
        'values = 1 + (values - self.mean) / self.std',
        ('tests/models/test_fidelity_map.py::test_maps_against_numpy',
         'tests/models/test_fidelity_map.py::test_fidelity_falls_with_the_error'),
    ),
    Mutant(
        'fidelity-gain',
        'sigmoid instead of 2·sigmoid: no channel can be kept as it is',
        'mmdegrade/models/fidelity/channel.py',
        '2 * torch.sigmoid(self.multiplication(values))',
        'torch.sigmoid(self.multiplication(values))',
        ('tests/models/test_fidelity_calibration.py::'
         'test_channel_calibration_of_vectors_and_maps',),
    ),
    Mutant(
        'fidelity-gate',
        'calibrated and plain features exchanged in the ensemble',
        'mmdegrade/models/fidelity/ensemble.py',
        'return calibrated.lerp(plain, gate)',
        'return plain.lerp(calibrated, gate)',
        ('tests/models/test_fidelity_calibration.py::test_ensemble_mixes_by_its_gate',),
    ),
)  # fmt: skip

UBCN = (
    Mutant(
        'ubcn-labels',
        'real and made exchanged in the adversarial losses',
        f'{_LOSSES}/adversarial.py',
        'F.softplus(-logits if real else logits)',
        'F.softplus(logits if real else -logits)',
        ('tests/models/test_discriminators.py::test_adversarial_loss_is_binary_cross_entropy',),
    ),
    Mutant(
        'ubcn-fooled',
        'the segmentor learns to be found out',
        f'{_SEGMENTORS}/feature_adaptation.py',
        'adversarial_loss(logits.chunk(2)[1], True)',
        'adversarial_loss(logits.chunk(2)[1], False)',
        ('tests/models/test_feature_adaptation.py::test_a_step_equals_two_plain_ones',),
    ),
    Mutant(
        'ubcn-discriminator-moves',
        "the segmentor's step leaves gradients in the discriminator",
        f'{_SEGMENTORS}/feature_adaptation.py',
        'call_untouched(self.discriminator, torch.cat([real, made]))',
        'self.discriminator(torch.cat([real, made]))',
        ('tests/models/test_feature_adaptation.py::test_no_gradient_is_left_and_no_hook_stays',),
    ),
    Mutant(
        'ubcn-discriminator-teaches',
        "the discriminator's step leaves gradients in the segmentor",
        f'{_SEGMENTORS}/feature_adaptation.py',
        'torch.cat([real, made.detach()])',
        'torch.cat([real, made])',
        ('tests/models/test_feature_adaptation.py::test_a_step_equals_two_plain_ones',),
    ),
    Mutant(
        'ubcn-groups',
        'class probabilities go to the wrong groups',
        'mmdegrade/models/class_groups.py',
        'for place, group in enumerate(self.groups.values()) for c in group',
        'for place, group in enumerate(reversed(self.groups.values())) for c in group',
        ('tests/models/test_class_groups.py::test_maps_are_sums_of_probabilities',),
    ),
    Mutant(
        'ubcn-loop',
        'every turn sees the rainy image twice instead of the coarse one',
        f'{_SEGMENTORS}/ubcn.py',
        'torch.cat([coarse, maps], 1)',
        'torch.cat([rainy, maps], 1)',
        ('tests/models/test_ubcn.py::test_every_iteration_equals_the_formulas',),
    ),
)  # fmt: skip

DEGRADATIONS = (
    Mutant(
        'blur-kernel',
        'the Gaussian is cut off at 2σ',
        'mmdegrade/degradations/blur/gaussian.py',
        'return 2 * math.ceil(3 * sigma) + 1',
        'return 2 * math.ceil(2 * sigma) + 1',
        ('tests/degradations/blur/test_blur.py::test_gaussian_is_scipys',),
    ),
    Mutant(
        'transmission-sign',
        'exp(+βd): haze and fog brighten what is far',
        'mmdegrade/degradations/weather/scattering.py',
        'out.dtype.type(-beta)',
        'out.dtype.type(beta)',
        ('tests/degradations/weather/test_haze.py::test_formula',),
    ),
    Mutant(
        'airlight-share',
        'the airlight is added with t instead of 1 - t',
        'mmdegrade/degradations/weather/scattering.py',
        '        np.subtract(1, veil, out=veil)\n',
        '',
        ('tests/degradations/weather/test_haze.py::test_formula',),
    ),
    Mutant(
        'fog-airlight',
        'fog is white whatever the image',
        'mmdegrade/degradations/weather/fog.py',
        "light = airlight_of_channels(values['airlight'], img)",
        'light = airlight_of_channels(1.0, img)',
        ('tests/degradations/weather/test_fog.py::test_formula',
         'tests/degradations/weather/test_fog.py::'
         'test_airlight_of_the_image_is_used_and_recorded'),
    ),
    Mutant(
        'rain-veil',
        'another exponent of the rate of rain in its extinction',
        'mmdegrade/degradations/weather/rain.py',
        'extinction = 0.312e-3 * rate**0.67',
        'extinction = 0.312e-3 * rate**0.63',
        ('tests/degradations/weather/test_rain.py::test_formulas',
         'tests/degradations/weather/test_rain.py::test_large_images_are_done_in_strips'),
    ),
    Mutant(
        'rain-streaks',
        'streaks of half the rate',
        'mmdegrade/degradations/weather/rain.py',
        "img.shape[:2], rate, values['angle']",
        "img.shape[:2], rate / 2, values['angle']",
        ('tests/degradations/weather/test_rain.py::test_formulas',),
    ),
    Mutant(
        'noise-clipped',
        'noise on float images is clipped unasked',
        f'{_NOISE}/gaussian.py',
        '        clip = img.dtype == np.uint8\n',
        '        clip = True\n',
        (f'tests/{_NOISE[10:]}/test_gaussian.py',),
    ),
    Mutant(
        'noise-level',
        'σ of uint8 noise taken for a variance',
        f'{_NOISE}/gaussian.py',
        'IntegerNoise(*rounded_normal(sigma, 255))',
        'IntegerNoise(*rounded_normal(sigma**0.5, 255))',
        (f'tests/{_NOISE[10:]}/test_gaussian.py',),
    ),
    Mutant(
        'poisson-peak',
        'counts divided by 255 whatever the peak',
        f'{_NOISE}/poisson.py',
        'np.divide(counts, peak, dtype=dtype)',
        'np.divide(counts, 255, dtype=dtype)',
        (f'tests/{_NOISE[10:]}/test_poisson.py',),
    ),
    Mutant(
        'salt-pepper-share',
        'twice the share of values replaced',
        f'{_NOISE}/salt_pepper.py',
        '[amount / 2, 1 - amount, amount / 2]',
        '[amount, 1 - 2 * amount, amount]',
        (f'tests/{_NOISE[10:]}/test_salt_pepper.py',),
    ),
    Mutant(
        'salt-pepper-sides',
        'pepper three times as often as salt',
        f'{_NOISE}/salt_pepper.py',
        '[amount / 2, 1 - amount, amount / 2]',
        '[0.75 * amount, 1 - amount, 0.25 * amount]',
        (f'tests/{_NOISE[10:]}/test_salt_pepper.py',),
    ),
)  # fmt: skip

QUALITY = (
    Mutant(
        'psnr-range',
        'PSNR of a range of 255 for images on [0, 1]',
        'mmdegrade/models/image_quality.py',
        'data_range=1.0',
        'data_range=255.0',
        ('tests/models/test_image_quality.py::test_psnr_is_that_of_scikit_image',),
    ),
    Mutant(
        'ssim-window',
        'a window of 9 pixels instead of 11',
        'mmdegrade/models/image_quality.py',
        'SSIM_WINDOW = 11',
        'SSIM_WINDOW = 9',
        ('tests/models/test_image_quality.py::test_ssim_is_that_of_wang_et_al',),
    ),
    Mutant(
        'grid-transposed',
        'predicted and labelled pixels exchanged in the severity grid',
        'mmdegrade/apis/severity_grid/counts.py',
        '[np.diagonal(pairs), pairs.sum(0), pairs[:n].sum(1)]',
        '[np.diagonal(pairs), pairs[:n].sum(1), pairs.sum(0)]',
        ('tests/apis/severity_grid/test_counts.py',),
    ),
    Mutant(
        'cd-denominator',
        'CD divided by the mIoU of the reference instead of what it lacks',
        'mmdegrade/apis/severity_grid/robustness.py',
        'sum(100 - s for s in reference))',
        'sum(reference))',
        ('tests/apis/severity_grid/test_robustness.py',),
    ),
    Mutant(
        'rcd-denominator',
        "rCD counts the reference's loss from the model's own clean mIoU",
        'mmdegrade/apis/severity_grid/robustness.py',
        'lost = sum(reference_clean - s for s in reference)',
        'lost = sum(clean - s for s in reference)',
        ('tests/apis/severity_grid/test_robustness.py',),
    ),
)

RUNS = (
    Mutant(
        'sampler-epoch',
        'every epoch has the order of the first',
        'mmdegrade/datasets/samplers.py',
        "keyed_rng('sampler', self.seed, epoch)",
        "keyed_rng('sampler', self.seed)",
        ('tests/datasets/test_samplers.py',),
    ),
    Mutant(
        'pixels-epoch',
        'a sample has the same crops and noise in every epoch',
        'mmdegrade/datasets/samplers.py',
        'draw=epoch * self.size + index',
        'draw=index',
        ('tests/datasets/test_samplers.py',),
    ),
    Mutant(
        'resume-batch',
        'a resumed stage sees its last batch again',
        'mmdegrade/engine/loops/staged_train_loop.py',
        'sampler.skip(skip * self.dataloader.batch_size)',
        'sampler.skip((skip - 1) * self.dataloader.batch_size)',
        ('tests/engine/test_staged_train_loop.py::test_resume_is_exact',),
    ),
    Mutant(
        'random-rank',
        'all processes draw the same random numbers',
        'mmdegrade/engine/hooks/random_state.py',
        "keyed_rng('iteration', runner.seed, runner.iter, get_rank())",
        "keyed_rng('iteration', runner.seed, runner.iter)",
        ('tests/engine/test_hooks.py::'
         'test_random_numbers_depend_on_seed_iteration_and_rank_alone',),
    ),
    Mutant(
        'write-fsync',
        'a file gets its name before it is on disk',
        'mmdegrade/compat/atomic_writes.py',
        '                os.fsync(file.fileno())\n',
        '',
        ('tests/compat/test_atomic_writes.py::test_data_is_on_disk_before_the_name_is',),
    ),
    Mutant(
        'write-in-place',
        'a checkpoint is written over the one before it',
        'mmdegrade/compat/atomic_writes.py',
        "            with open(temporary, 'xb') as file:\n                file.write(obj)\n",
        "            with open(target, 'wb') as file:\n                file.write(obj)\n"
        "                shutil.copyfile(target, temporary)\n",
        ('tests/compat/test_atomic_writes.py::test_a_failing_write_leaves_the_previous_file',),
    ),
    Mutant(
        'unsafe-fallback',
        'a refused checkpoint is loaded after all',
        'mmdegrade/compat/checkpoint_loading.py',
        'return torch.load(file, map_location=map_location, weights_only=True)',
        'return torch.load(file, map_location=map_location, weights_only=False)',
        (f'{_CHECKPOINT_TEST}::test_unknown_content_is_refused',),
    ),
    Mutant(
        'unsafe-url',
        'what comes from a URL may run code',
        'mmdegrade/compat/checkpoint_loading.py',
        "kwargs['weights_only'] = True",
        "kwargs['weights_only'] = False",
        (f'{_CHECKPOINT_TEST}::test_no_way_of_loading_runs_code',),
    ),
    Mutant(
        'getattr-allowed',
        'a checkpoint may reach any attribute of an allowed class',
        'mmdegrade/compat/checkpoint_loading.py',
        "if owner is not HistoryBuffer or name.startswith('_'):",
        "if name.startswith('_'):",
        (f'{_CHECKPOINT_TEST}::test_stand_in_for_getattr',),
    ),
    Mutant(
        'archive-traversal',
        'an archive may write beside the folder of the dataset',
        'mmdegrade/apis/prepare/prepare.py',
        "or '..' in pure.parts or",
        'or',
        ('tests/apis/prepare/test_archive.py::test_unsafe_paths',),
    ),
    Mutant(
        'label-range',
        'a label just beyond the classes passes',
        'mmdegrade/datasets/transforms/loading.py',
        'wrong = (labels >= self.num_classes)',
        'wrong = (labels > self.num_classes)',
        ('tests/datasets/test_loading.py::test_labels_end_with_the_last_class',),
    ),
    Mutant(
        'loss-infinite',
        'a loss that is not a number passes, only an infinite one stops the run',
        'mmdegrade/engine/hooks/finite_loss.py',
        'torch.isfinite(value) for value',
        '~torch.isinf(value) for value',
        ('tests/engine/test_finite_loss_hook.py::'
         'test_stops_before_the_step_and_names_the_loss_and_the_image',),
    ),
)  # fmt: skip

MUTANTS = (*DGN, *D2SM, *SDABN, *FIDELITY, *UBCN, *DEGRADATIONS, *QUALITY, *RUNS)
